"""Pixels: plan, decode, resample, orient, colour, encode. OpenCV and Pillow stay in here."""
