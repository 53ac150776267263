"""Arrays of pixels, and what is done to them whatever file they came from or go to."""
