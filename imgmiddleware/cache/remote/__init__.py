"""Stores of results that machines share: a Redis or Valkey server, and a bucket."""
