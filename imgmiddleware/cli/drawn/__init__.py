"""The demo's originals, drawn by us."""
