"""What a cache keeps, with its own digest in front: a file that was changed or broken on the disk is not believed."""

from __future__ import annotations

import hashlib

_DIGEST = hashlib.sha256().digest_size


def vouching(value: bytes) -> bytes:
    """The content of a file that keeps ``value``."""
    return hashlib.sha256(value).digest() + value


def vouched(content: bytes) -> bytes:
    """What ``vouching`` made ``content`` of; empty where it was anything else."""
    digest, value = content[:_DIGEST], content[_DIGEST:]
    return value if hashlib.sha256(value).digest() == digest else b""
