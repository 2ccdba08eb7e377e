"""Evidence signed with a key of the user's: ``<record>.json.sig`` beside the record, by the library made for that.

A signature says who admitted a record; whether the record proves anything is ``judge``'s to say.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from solver.core.decode import decode_json
from solver.core.errors import BadInput
from solver.core.model import Text, Value
from solver.core.reading import read_bytes
from solver.core.whole import put_whole
from solver.proof.evidence_files import encode

if TYPE_CHECKING:
    from securesystemslib.signer import CryptoSigner, SSlibKey

_PRIVATE = "name a private key in PEM, without a password: openssl genpkey -algorithm ed25519 -out KEY"
_PUBLIC = "name the public key in PEM: openssl pkey -in KEY -pubout"


class SignedBy(Value, frozen=True, kw_only=True):
    """The file beside a signed record."""

    version: Literal[1] = 1
    key: Text
    """Which key it was, as the library names keys."""
    signature: Text
    """Of the record's bytes, in hex."""


def signer_of(key: Path) -> CryptoSigner:
    """What signs with the private key at ``key``; raises ``BadInput`` where that is none, or the library is missing."""
    try:
        from cryptography.exceptions import UnsupportedAlgorithm
        from cryptography.hazmat.primitives.serialization import load_pem_private_key
        from securesystemslib.signer import CryptoSigner
    except ImportError:
        raise _missing("--sign") from None
    try:
        return CryptoSigner(load_pem_private_key(read_bytes(key), None))
    except (ValueError, TypeError, UnsupportedAlgorithm):  # a TypeError: it wants a password
        raise BadInput(f"{key} is no key to sign with", key="--sign", fix=_PRIVATE) from None


def public_key(key: Path) -> SSlibKey:
    """The public key at ``key``; raises ``BadInput`` where that is none, or the library is missing."""
    try:
        from cryptography.exceptions import UnsupportedAlgorithm
        from cryptography.hazmat.primitives.serialization import load_pem_public_key
        from securesystemslib.signer import SSlibKey
    except ImportError:
        raise _missing("--signed-by") from None
    try:
        return SSlibKey.from_crypto(load_pem_public_key(read_bytes(key)))
    except (ValueError, UnsupportedAlgorithm):
        raise BadInput(f"{key} is no public key", key="--signed-by", fix=_PUBLIC) from None


def sign(record: Path, signer: CryptoSigner) -> Path:
    """Write the signature of the file ``record`` beside it."""
    made = signer.sign(read_bytes(record))
    path = _beside(record)
    put_whole(path, encode(SignedBy(key=made.keyid, signature=made.signature)))
    return path


def unsigned(record: Path, key: SSlibKey) -> str | None:
    """Why the file ``record`` is not signed by ``key``; None where it is."""
    from securesystemslib.exceptions import UnverifiedSignatureError, VerificationError
    from securesystemslib.signer import Signature

    path = _beside(record)
    if not path.is_file():
        return "nobody signed it"
    try:
        told = decode_json(path, SignedBy, "signature", "sign it again with --sign")
        key.verify_signature(Signature(told.key, told.signature), read_bytes(record))
    except BadInput as error:
        return f"its signature cannot be read: {error.problem}"
    except (UnverifiedSignatureError, VerificationError):
        return "its signature is not of this key and this record"
    return None


def _beside(record: Path) -> Path:
    return record.with_name(f"{record.name}.sig")


def _missing(option: str) -> BadInput:
    return BadInput("the package securesystemslib is not installed", key=option, fix="install it with interlock[sign]")
