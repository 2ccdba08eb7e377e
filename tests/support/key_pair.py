"""A key to sign with, and its public half, as files."""

from __future__ import annotations

from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)


def key_pair(folder: Path, name: str = "key", password: bytes = b"") -> tuple[Path, Path]:
    """A new private key and its public key, in PEM below ``folder``."""
    made = Ed25519PrivateKey.generate()
    closed = BestAvailableEncryption(password) if password else NoEncryption()
    private, public = folder / name, folder / f"{name}.pub"
    private.write_bytes(made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, closed))
    public.write_bytes(made.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    return private, public
