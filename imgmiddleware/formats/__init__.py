"""Formats, one room each: what is known of PNG is in `png/`, and its `__init__.py` is the door.

A decoder trusts the numbers it finds: a file of a few kilobytes has made one allocate gigabytes. So
before one sees an original, `read_facts` reads its header and holds each number against the others
and against the file, `Facts.decode_bytes` bounds what decoding may allocate, and `vet` walks the
body. None of these can reach a decoder.
"""
