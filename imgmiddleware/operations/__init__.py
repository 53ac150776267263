"""What may be done to an original: one file an operation, and one list of all stages."""
