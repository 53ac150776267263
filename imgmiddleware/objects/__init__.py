"""Objects: what is kept under names on a server, in buckets or below a URL.

Originals are read of them and results are kept in them. Of all the package only this room knows the
library that reaches object stores (obstore, of the extra `imgmiddleware[stores]`), what it raises,
and that nothing of it survives a fork.
"""
