"""Core metadata of one wheel: what is read of it, and the user's cache of it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

import msgspec
from packaging.metadata import RawMetadata, parse_email
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from solver.core import names
from solver.core.markers import BadMarker, applies, extras_in
from solver.core.model import IndexFile, Target
from solver.core.target import marker_environment
from solver.index import ReleaseRefused
from solver.index.file_cache import FileCache

MOST_REQUIREMENTS = 10_000
MOST_LETTERS = 500_000
"""Of all requirements of a release: the longest known have a tenth of either."""
_ANYWHERE = marker_environment(Target())


class Metadata(msgspec.Struct, frozen=True, kw_only=True):
    """The part of a wheel's METADATA that decides what it needs."""

    requires: tuple[str, ...]
    """PEP 508 requirements as packaging writes them, sorted, without duplicates."""
    requires_python: str | None = None
    """None: it states none."""
    extras: tuple[str, ...]
    """Every extra that it has, normalized. Not optional: metadata kept before this was read are read again."""
    digest: str
    """sha256 (hex) of the METADATA file, which a listing may tell as well."""


def parse_metadata(data: bytes, filename: str, requires: Iterable[str] | None = None) -> Metadata:
    """``Metadata`` of the METADATA file ``data``, which must be that of the wheel ``filename``.

    Of a source archive it is its PKG-INFO, which is no word on ``requires`` where those are given. Raises
    ``ReleaseRefused`` where its name or version is another, or a requirement is none by PEP 508.
    """
    raw, _ = parse_email(data)
    try:
        _check_whose(raw, filename)
    except names.BadName as error:
        raise ReleaseRefused(f"the metadata of {filename} are not its own: {error}") from None
    stated = tuple(raw.get("requires_dist", []) if requires is None else requires)
    if len(stated) > MOST_REQUIREMENTS or sum(map(len, stated)) > MOST_LETTERS:
        problem = f"{MOST_REQUIREMENTS} requirements, or {MOST_LETTERS} letters of them"
        raise ReleaseRefused(f"{filename} asks for more than {problem}")
    requires = tuple(sorted({_requirement(text, filename) for text in stated}))
    named = {canonicalize_name(extra) for extra in raw.get("provides_extra", [])}
    return Metadata(
        requires=requires,
        requires_python=names.requires_python(raw.get("requires_python")),
        extras=tuple(sorted(named.union(*map(extras_in, requires)))),
        digest=hashlib.sha256(data).hexdigest(),
    )


def _check_whose(raw: RawMetadata, filename: str) -> None:
    wheel = names.distribution(filename)
    name, version = raw.get("name"), raw.get("version")
    if name is None or version is None:
        raise names.BadName("they name no package and version")
    if names.project(name) != wheel.project or not names.same_version(version, wheel.version):
        raise names.BadName(f"they are of {names.project(name)} {names.version(version)}")


def _requirement(text: str, filename: str) -> str:
    """``text`` as packaging writes it, its marker one that can be evaluated."""
    try:
        requirement = Requirement(text)
        # Every part of a marker is evaluated, so one environment shows whether all of them can be.
        applies(requirement.marker, _ANYWHERE)
    except BadMarker:
        problem = "its marker compares what has no order"
    except (InvalidRequirement, ValueError) as error:
        problem = names.one_line(str(error).partition("\n")[0])
    else:
        # Nobody goes there, and what is secret of an address need not be written down to say so.
        requirement.url = names.public_address(requirement.url) if requirement.url else None
        return str(requirement)
    said = names.brief(names.one_line(text))
    raise ReleaseRefused(f'{filename} asks for "{said}", which is no requirement: {names.brief(problem)}')


class MetadataCache:
    """Metadata of wheels, as one index told them."""

    def __init__(self, folder: Path, index: str) -> None:
        self._files = FileCache(folder, "metadata", index)

    def get(self, file: IndexFile) -> Metadata | None:
        """What was kept of ``file``, which has a sha256; None where nothing readable was, or it was changed."""
        try:
            return msgspec.json.decode(self._files.get(file), type=Metadata)
        except msgspec.DecodeError:
            return None

    def put(self, file: IndexFile, metadata: Metadata) -> None:
        """Keep ``metadata``; a cache that cannot be written is none, and no error."""
        self._files.put(file, msgspec.json.encode(metadata))
