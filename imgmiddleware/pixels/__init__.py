"""Arrays of pixels, and functions for them, whatever file they came from or go to."""
