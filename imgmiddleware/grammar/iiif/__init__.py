"""IIIF Image API 3.0 and 2.1: what a path asks for, and what is told of a picture."""
