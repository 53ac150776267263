"""Text to meaning: the path to an ID, the query to a Transform. Nothing here touches a file."""

from imgmiddleware.grammar.path import is_text, parse_id
from imgmiddleware.grammar.query import Asked, QueryGrammar

__all__ = ["Asked", "QueryGrammar", "is_text", "parse_id"]
