"""The folder of the disk cache: its index, files, claims, purges and eviction."""
