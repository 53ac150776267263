"""The operations on an original: one file for each operation, and one list of all stages."""
