"""Text to meaning: the path to an ID, the query to a Transform. Nothing here touches a file."""
