"""Making in worker processes, for `isolate=True`."""
