"""PNG (W3C, third edition)."""
