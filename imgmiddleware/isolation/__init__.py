"""Worker processes that may only compute: their pool, their wire, and their sandbox."""
