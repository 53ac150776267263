"""Work that a render does ahead, in slots that are idle at the moment."""
