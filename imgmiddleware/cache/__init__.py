"""What is remembered between requests, and by which key."""
