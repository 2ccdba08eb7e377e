"""Who published a file, as its provenance attestations say (PEP 740); checked by the library made for that."""

from __future__ import annotations

import logging

from solver.core import names
from solver.core.errors import BadInput, InterlockError

Publisher = dict[str, str]
"""``kind`` ("GitHub") and what identifies it there: ``repository`` and ``workflow``, or another kind's own."""


class BadProvenance(InterlockError):
    """What the index gives as the provenance of a file does not hold."""

    exit_code = 1


def publisher_of(provenance: bytes, filename: str, sha256: str) -> Publisher:
    """Who published the file of this name and hash, every attestation of it checked.

    The root of trust is the one that sigstore ships with; nothing is asked of a network. Raises
    ``BadProvenance`` where one does not hold, or is of another file; ``BadInput`` where the library is missing.
    """
    try:
        from pydantic import ValidationError
        from pypi_attestations import AttestationError, Distribution, Provenance
    except ImportError:
        raise BadInput("attestations need pypi-attestations", fix="install interlock[attest]") from None

    # sigstore warns that it asks no network, which is what it was told.
    logging.getLogger("sigstore").addHandler(logging.NullHandler())
    try:
        statement = Provenance.model_validate_json(provenance)
        file = Distribution(name=filename, digest=sha256)
        for bundle in statement.attestation_bundles:
            for attestation in bundle.attestations:
                attestation.verify(bundle.publisher, file, offline=True)
    except ValidationError as error:
        raise _bad(filename, f"it is none: {error.errors()[0]['msg']}") from None
    except (AttestationError, ValueError) as error:
        raise _bad(filename, str(error)) from None
    publishers = [bundle.publisher for bundle in statement.attestation_bundles if bundle.attestations]
    if not publishers:
        raise _bad(filename, "it attests nothing")
    if any(publisher != publishers[0] for publisher in publishers):
        raise _bad(filename, "it names several publishers")
    known = publishers[0].model_dump(exclude_none=True)
    # The index says "" of an environment where the publisher has none.
    return {key: names.one_line(str(known[key])) for key in sorted(known) if known[key] != ""}


def publisher_phrase(publisher: Publisher) -> str:
    """A publisher in one phrase: "GitHub pypa/build release.yml"."""
    rest = " ".join(value for key, value in publisher.items() if key != "kind")
    return f"{publisher.get('kind', 'a publisher')} {rest}"


def _bad(filename: str, problem: str) -> BadProvenance:
    return BadProvenance(f"the provenance of {filename} does not hold: {names.one_line(problem)}")
