"""Carry locks to a GPU machine that has no network.

``wheels`` finds the files that a lock names, ``download`` fetches them, ``tool`` packs interlock
itself, ``make`` puts a bundle together, ``split`` cuts it into parts, and ``offline`` is the
``verify.py`` that joins, checks, installs and starts it on the other side.
"""
