"""Subjects: the important part of a picture, as far as its pixels tell, for a crop to keep."""
