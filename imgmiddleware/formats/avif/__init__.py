"""AVIF 1.1, stills and sequences."""
