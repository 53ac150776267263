"""The process that this code runs in: its interpreter, its memory, and its sibling processes."""
