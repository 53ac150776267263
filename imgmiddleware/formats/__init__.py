"""Formats, one room each: the knowledge of PNG is in `png/`, and its `__init__.py` is the door.

A decoder trusts the numbers it finds: a file of a few kilobytes has made one allocate gigabytes. So
an original goes through three checks before a decoder sees it. `read_facts` reads its header and
compares each number with the others and with the file. `Facts.decode_bytes` bounds the memory that
decoding may allocate. `vet` walks the body. None of these can reach a decoder.
"""
