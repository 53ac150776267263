"""The paths and documents of zoom viewers."""
