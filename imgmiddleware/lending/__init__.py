"""What a render does ahead of itself, in slots that nobody else needs at the moment."""
