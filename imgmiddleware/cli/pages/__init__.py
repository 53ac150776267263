"""The pages of `serve`: the index of a directory, and one original in a zoom viewer."""
