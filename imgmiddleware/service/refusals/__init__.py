"""The answers where there is no picture."""
