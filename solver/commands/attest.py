"""Who published what a lock holds, as the index's provenance attestations prove it."""

from __future__ import annotations

from collections.abc import Sequence

from solver.core.errors import CheckFailed
from solver.core.indexes import is_of_default
from solver.core.model import Pin, Profile, Solution
from solver.index.provenance import Publisher, publisher_of, publisher_phrase
from solver.index.pypi import PypiIndex


def attest(
    profile: Profile, solution: Solution, *, every: bool, index: PypiIndex | None = None
) -> dict[str, Publisher]:
    """The publisher of each package of which the index attests every file; those that ``profile`` requires, or all.

    Packages of other indexes have none. Raises ``CheckFailed`` where a required one has none,
    ``BadProvenance`` where one does not hold, ``IndexUnavailable``, ``BadInput``.
    """
    required = set(profile.attestations)
    for name in sorted(required - {str(pin.name) for pin in solution.pins}):
        raise CheckFailed(f"{profile.name} requires attestations of {name}, which pip does not install in it")
    pins = [pin for pin in solution.pins if every or pin.name in required]
    if not pins:
        return {}
    pypi = index or PypiIndex()
    publishers = {str(pin.name): _publisher(pin, pypi, required=pin.name in required) for pin in pins}
    return {name: publisher for name, publisher in publishers.items() if publisher is not None}


def _publisher(pin: Pin, index: PypiIndex, *, required: bool) -> Publisher | None:
    publishers = _publishers(pin, index)
    lacking = [file.filename for file, publisher in zip(pin.files, publishers, strict=True) if publisher is None]
    if lacking or not publishers:
        if required:
            what = lacking[0] if lacking else f"{pin.name}=={pin.version}"
            raise CheckFailed(f"the package index has no attestation of {what}, and the profile requires one")
        return None
    for publisher in publishers:
        if publisher != publishers[0]:
            both = " and ".join(publisher_phrase(one) for one in (publishers[0], publisher) if one is not None)
            raise CheckFailed(f"files of {pin.name}=={pin.version} were published by {both}")
    return publishers[0]


def _publishers(pin: Pin, index: PypiIndex) -> Sequence[Publisher | None]:
    """Of each file who published it; None where nobody attests that."""
    if not is_of_default(pin.index):
        return [None for _ in pin.files]
    publishers: list[Publisher | None] = []
    for file in pin.files:
        provenance = index.provenance(file) if isinstance(file.sha256, str) else None
        publishers.append(None if provenance is None else publisher_of(provenance, file.filename, file.sha256 or ""))
    return publishers
