"""What `lock --check` found, kept for as long as nothing that it rests on is changed: not a fact, code or file."""

from __future__ import annotations

import contextlib
import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Self

import msgspec

from solver.commands.project import Project, built_in_snapshot
from solver.core import reading
from solver.core.caches import user_cache
from solver.core.errors import BadInput
from solver.core.indexes import INDEXES
from solver.core.model import Profile, PypiName
from solver.core.whole import put_whole
from solver.index.conda_snapshot import FOLDER as CONDA
from solver.index.condarc import read_settings
from solver.index.snapshot_files import KEPT
from solver.lock.solution import digest

_SEARCHED_WITH = ("resolvelib", "packaging", "py-rattler")
"""Libraries that a search is made of; another release of one may find something else."""


class _Outcome(msgspec.Struct, frozen=True):
    """What was found of one lock."""

    key: str
    """Digest of all that it rests on."""
    reasons: tuple[str, ...]
    asked_for: tuple[PypiName, ...]
    """The packages whose record was read to find that; what is recorded of others is not part of the key."""


class PastChecks:
    """The findings of one project's last checks, a small file in the user's cache; written when it is left."""

    def __init__(self, project: Project) -> None:
        self._project = project
        place = hashlib.sha256(str(project.root.resolve()).encode()).hexdigest()[:16]
        self._path = user_cache() / "checked" / f"{place}.json"
        self._outcomes, self._changed = self._read(), False

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Write what is new; a cache that cannot be written is none, and no error."""
        if self._changed:
            with contextlib.suppress(OSError):
                put_whole(self._path, msgspec.json.encode(self._outcomes), durable=False)

    def reasons(self, profile: Profile) -> tuple[str, ...] | None:
        """Why the lock of ``profile`` is stale, empty where it is not; None where nobody looked at it as it is."""
        outcome = self._outcomes.get(profile.name)
        known = outcome is not None and outcome.key == self._key(profile, outcome.asked_for)
        return outcome.reasons if outcome is not None and known else None

    def keep(self, profile: Profile, reasons: tuple[str, ...], asked_for: Iterable[PypiName]) -> None:
        """Keep what was found of the lock of ``profile`` as it lies there, by the record of ``asked_for``."""
        names = tuple(sorted(asked_for))
        self._outcomes[profile.name] = _Outcome(self._key(profile, names), reasons, names)
        self._changed = True

    def _read(self) -> dict[str, _Outcome]:
        try:
            return msgspec.json.decode(reading.read_bytes(self._path), type=dict[str, _Outcome])
        except (BadInput, msgspec.DecodeError):
            return {}

    def _key(self, profile: Profile, asked_for: Sequence[PypiName]) -> str:
        whole = None if profile.variant_of is None else self._project.profile(profile.variant_of)
        files = _bytes_of(self._project.locks / profile.name, "*")
        packages = [self._packages.get(name) for name in asked_for]
        return digest((self._facts, profile, whole, files, packages))

    @cached_property
    def _facts(self) -> str:
        """Digest of every row, conda record and line of code that a lock may rest on, and of conda's configuration."""
        code = Path(__file__).parent.parent
        return digest(
            [
                list(self._project.matrices.rows()),
                *(_bytes_of(folder / name, "*") for folder in self._folders for name in (CONDA, KEPT)),
                _bytes_of(code, "*.py"),
                list(map(_release, _SEARCHED_WITH)),
                _settings(),
            ]
        )

    @cached_property
    def _packages(self) -> Mapping[str, Sequence[str]]:
        """By package where each of its recorded files lies, and its digest."""
        found: dict[str, list[str]] = defaultdict(list)
        for path in (
            path for folder in self._folders for index in INDEXES for path in (folder / index).glob("*.jsonl")
        ):
            found[path.stem] += [str(path), hashlib.sha256(path.read_bytes()).hexdigest()]
        return found

    @cached_property
    def _folders(self) -> Sequence[Path]:
        """Where indexes and channels are recorded."""
        snapshot = self._project.snapshot
        return sorted(
            {path.resolve() for path in (snapshot.root, snapshot.own, built_in_snapshot()) if path is not None}
        )


def _settings() -> str:
    try:
        return repr(read_settings())
    except BadInput as error:
        return str(error)


def _bytes_of(folder: Path, pattern: str) -> list[str]:
    return list(_digests(folder, pattern))


def _digests(folder: Path, pattern: str) -> Iterator[str]:
    """Name and content of each file below ``folder``."""
    for path in sorted(folder.rglob(pattern)):
        if path.is_file():
            yield path.relative_to(folder).as_posix()
            yield hashlib.sha256(path.read_bytes()).hexdigest()


def _release(distribution: str) -> str:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return ""
