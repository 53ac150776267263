"""Results: made of decoded originals, and kept."""
