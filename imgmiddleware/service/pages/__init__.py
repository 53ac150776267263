"""The links, sizes and markup of pictures in a page."""
