"""Subjects: what a picture is about, as far as its pixels tell, for a crop to keep."""
