"""BMP, of OS/2 and Windows."""
