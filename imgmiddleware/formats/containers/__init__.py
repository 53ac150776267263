"""Containers that several formats share: directories of TIFF, EXIF, ISO base media, HEIF."""
