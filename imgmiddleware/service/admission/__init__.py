"""How long a request may wait, and how many pictures are made at once."""
