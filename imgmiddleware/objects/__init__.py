"""Objects: bytes under names on a server, in buckets or below a URL.

They are originals, and results. Only this room of the package knows the library for object stores
(obstore, of the extra `imgmiddleware[stores]`) and its errors. Only here it is known that none of
its objects survives a fork.
"""
