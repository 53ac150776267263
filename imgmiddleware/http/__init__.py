"""The rules of HTTP, over strings and numbers: no request object, no file, no pixel."""
