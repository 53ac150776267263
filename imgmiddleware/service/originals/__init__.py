"""Originals and overlays: opened, allowed, and held against the limits."""
