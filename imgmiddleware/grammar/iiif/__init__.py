"""IIIF Image API 3.0 and 2.1: the paths that ask for pictures, and the description of a picture."""
