"""The process that this runs in: its interpreter, its memory, and the others beside it."""
