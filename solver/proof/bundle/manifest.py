"""manifest.json: what a bundle carries and which lock needs which file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from solver.core.decode import decode_json
from solver.core.errors import BadInput
from solver.core.model import Digest, ProfileName, Value
from solver.proof.subject import Subject

NAME = "manifest.json"
_PART = r"(?!\.{1,2}(?:/|\Z))[A-Za-z0-9_.][A-Za-z0-9._+!~\-]*"
Relative = Annotated[str, msgspec.Meta(pattern=rf"^{_PART}(?:/{_PART})*\Z")]
"""A path below the bundle, of plain names between forward slashes; ``offline.safe`` has the same rule."""


class Carried(Value, frozen=True, kw_only=True):
    """One file of a bundle."""

    path: Relative
    sha256: Digest
    size: Annotated[int, msgspec.Meta(ge=0)]
    """Bytes."""


class CarriedPython(Value, frozen=True, kw_only=True):
    """One interpreter of a bundle, packed."""

    path: Relative
    python: Annotated[str, msgspec.Meta(pattern=r"^3\.[0-9]{1,2}\Z")]
    """major.minor"""
    prefix: Annotated[str, msgspec.Meta(pattern=r"^(/[A-Za-z0-9_.+\-]+)+\Z")] | None = None
    """The one folder that it runs in; None where it runs in any."""


class CarriedLock(Value, frozen=True, kw_only=True):
    """One lock of a bundle."""

    profile: ProfileName
    folder: Relative
    """Where its lock folder lies in the bundle."""
    digest: Digest
    python: str
    """major.minor of the interpreter that its environment needs."""
    files: tuple[Relative, ...]
    """The carried files that its installation needs; locks share them."""
    packages: dict[str, str]
    """Version by name of everything the lock installs."""
    contents: dict[str, Digest] = msgspec.field(default_factory=dict)
    """By package the digest of what the lock says of its version and files."""
    gpu: bool = True
    """False for a CPU lock."""
    variables: dict[str, str] = msgspec.field(default_factory=dict)
    """Environment variables that the lock asks for."""
    relaxed: tuple[str, ...] = ()
    """Packages whose declared bounds the lock breaks knowingly."""

    def subject(self, bundle: Path) -> Subject:
        """The lock in the ``bundle`` as something to prove."""
        return Subject(
            profile=self.profile,
            folder=bundle / self.folder,
            digest=self.digest,
            packages=self.packages,
            files=self.contents,
            gpu=self.gpu,
            variables=self.variables,
            relaxed=self.relaxed,
        )


class Manifest(Value, frozen=True, kw_only=True):
    """The whole of manifest.json."""

    version: Literal[1] = 1
    files: tuple[Carried, ...]
    """Sorted by path; everything but the manifest itself."""
    locks: tuple[CarriedLock, ...]
    tool: dict[str, tuple[Relative, ...]]
    """Wheels of interlock and of what it needs to run, by python major.minor."""
    pythons: tuple[CarriedPython, ...] = ()
    """Packed interpreters, for machines without fitting ones."""


def read_manifest(bundle: Path) -> Manifest:
    """Read the manifest of a joined bundle; raises ``BadInput`` naming file and reason."""
    path = bundle / NAME
    if not path.exists():
        raise BadInput("there is no bundle here", file=path, fix="name the folder that holds it")
    return decode_json(path, Manifest, "manifest", "make the bundle again")


def carried_subjects(bundle: Path, profiles: Sequence[str] = ()) -> tuple[Subject, ...]:
    """The locks that ``bundle`` carries, all or those named; raises ``BadInput`` for an unknown name."""
    carried = {lock.profile: lock for lock in read_manifest(bundle).locks}
    unknown = [name for name in profiles if name not in carried]
    if unknown:
        names = ", ".join(carried)
        raise BadInput(f"the bundle carries no {unknown[0]}", file=bundle, fix=f"name some of: {names}")
    return tuple(carried[name].subject(bundle) for name in profiles or carried)
