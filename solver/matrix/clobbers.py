"""Whether two distributions write the same files with different bytes: the one reading of clobbers.yaml.

Its rows tell of the versions that somebody compared. Of others they tell what all of them agree on, unless the rows
of CUDA libraries know better where the files of these versions lie; two that put a library of one name into one folder
overwrite each other, whether anybody compared them or not. Rules of the code "clobber" are read as every
rule is, in ``rules``: they forbid what they are about, and acquit nothing else.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

from packaging.utils import canonicalize_name

from solver.core.answer import Answer, NotKnown, answer
from solver.matrix.libraries import brought
from solver.matrix.load import Matrices
from solver.matrix.place import Place
from solver.matrix.rows import Clobber, Library, Rule
from solver.matrix.rules import admits, broken

_CODE = "clobber"
"""Of the rules about packages that write the same files."""

StatedVersion = str | NotKnown
"""NOT_KNOWN: the package is there, and nobody said in which version."""


@dataclass(frozen=True)
class Overlap:
    """What rows tell of two distributions at two versions."""

    answer: Answer
    """Whether they write the same files with different bytes; NOT_KNOWN where other versions sometimes do."""
    rows: tuple[Clobber, ...] = ()
    """The rows that tell it; none where only the folders do."""
    compared: bool = False
    """Whether these very versions were compared, and not only others."""
    paths: tuple[str, ...] = ()
    """Some paths that both write, as far as rows tell."""
    library: Library | None = None
    """The row that puts a library where the other distribution has one too; None: no row of a library tells it."""

    @property
    def clobbering(self) -> tuple[Clobber, ...]:
        """Those of ``rows`` that saw different bytes at one path."""
        return tuple(row for row in self.rows if row.different)

    @property
    def witness(self) -> Clobber | Library:
        """The row that tells it, of an overlap that is not denied."""
        return self.clobbering[0] if self.library is None else self.library


@dataclass(frozen=True)
class Layout:
    """Where a release puts its CUDA libraries, as far as rows tell."""

    folders: frozenset[str]
    sonames: frozenset[str]
    stems: frozenset[str]
    """The sonames without what follows ".so"."""
    files: Mapping[str, Library]
    """By path, the row of the library that lies there, in the order of the rows."""

    @classmethod
    def of(cls, rows: Iterable[Library]) -> Layout:
        """That of the libraries of ``rows``."""
        rows = tuple(rows)
        sonames = frozenset(soname for row in rows for soname in row.sonames)
        files = {path: row for row in rows for path in _files(row)}
        return cls(frozenset(row.directory for row in rows), sonames, frozenset(map(_stem, sonames)), files)


class Clobbers:
    """Which distributions may overwrite each other's files, by rows of compared wheels and of where libraries lie."""

    def __init__(self, matrices: Matrices) -> None:
        self._clobbers, self._libraries = matrices.clobbers, matrices.libraries
        self._layouts: dict[tuple[str, StatedVersion], Layout] = {}

    @cached_property
    def pairs(self) -> Mapping[tuple[str, str], tuple[Clobber, ...]]:
        """The rows of each pair (normalized names, in the order of its first row), in the order of their file."""
        pairs: dict[tuple[str, str], tuple[Clobber, ...]] = {}
        for row in self._clobbers:
            a, b = names(row)
            key = (b, a) if (b, a) in pairs else (a, b)
            pairs[key] = (*pairs.get(key, ()), row)
        return pairs

    @cached_property
    def partners(self) -> Mapping[str, tuple[str, ...]]:
        """By name, every distribution that was compared with it or may have a library at one path with it, sorted."""
        partners: dict[str, set[str]] = {}
        for a, b in (*self.pairs, *self._sharing):
            partners.setdefault(a, set()).add(b)
            partners.setdefault(b, set()).add(a)
        return {name: tuple(sorted(others)) for name, others in partners.items()}

    def pairs_in(self, names: Container[str]) -> Iterator[tuple[str, str]]:
        """The pairs among packages of which rows tell anything here, those of compared wheels first."""
        return ((a, b) for a, b in (*self.pairs, *self._sharing) if a in names and b in names)

    @cached_property
    def _sharing(self) -> tuple[tuple[str, str], ...]:
        """The further pairs of which rows put some library of the one and of the other at one path."""
        writers: dict[str, dict[str, None]] = {}
        for row in self._libraries:
            for path in _files(row):
                writers.setdefault(path, {})[row.distribution] = None
        pairs = dict.fromkeys(pair for some in writers.values() for pair in combinations(some, 2))
        compared = {frozenset(pair) for pair in self.pairs}
        return tuple(pair for pair in pairs if frozenset(pair) not in compared)

    def between(self, first: str, version: StatedVersion, second: str, other_version: StatedVersion) -> Overlap:
        """What is known of two distributions (normalized names) at these versions, in whichever order."""
        rows = self.pairs.get((first, second)) or self.pairs.get((second, first), ())
        versions = {first: version, second: other_version}
        exact = tuple(row for row in rows if _is_of(row, versions))
        if exact:
            return Overlap(answer(any(row.different for row in exact)), exact, compared=True, paths=_paths(exact))
        if self._lie_apart(versions):
            return Overlap(Answer.NO)
        paths = _paths(rows)
        is_renamed = any(self._is_renamed(path, versions) for path in paths)
        shared = self._shared_files(versions) if is_renamed or not rows else {}
        if shared:
            return Overlap(Answer.YES, paths=tuple(shared), library=next(iter(shared.values())))
        if is_renamed:
            # The versions that were compared are no witness of these, whose headers alone have the same names.
            return Overlap(Answer.NOT_KNOWN, rows, paths=tuple(path for path in paths if ".so" not in path))
        return Overlap(_agreed(rows), rows, paths=paths)

    def _is_renamed(self, path: str, versions: Mapping[str, StatedVersion]) -> bool:
        """Whether one of the versions has the library at ``path`` under another soname."""
        soname = path.rpartition("/")[2]
        layouts = (self._layout(name, version) for name, version in versions.items())
        return any(soname not in layout.sonames and _stem(soname) in layout.stems for layout in layouts)

    def _shared_files(self, versions: Mapping[str, StatedVersion]) -> dict[str, Library]:
        """The paths at which rows put a library of both, each with the row of the second that does."""
        first, second = (self._layout(name, version).files for name, version in versions.items())
        return {path: row for path, row in second.items() if path in first}

    def _lie_apart(self, versions: Mapping[str, StatedVersion]) -> bool:
        """Whether rows tell where both put their libraries, and that is not the same folder."""
        first, second = (self._layout(name, version).folders for name, version in versions.items())
        return bool(first and second) and not first & second

    def _layout(self, name: str, version: StatedVersion) -> Layout:
        """Of the libraries that a distribution surely brings."""
        if (name, version) not in self._layouts:
            rows = self._of_distribution.get(name, ()) if isinstance(version, str) else ()
            self._layouts[name, version] = Layout.of(brought(rows, {name: str(version)}))
        return self._layouts[name, version]

    @cached_property
    def _of_distribution(self) -> Mapping[str, tuple[Library, ...]]:
        by_name: dict[str, tuple[Library, ...]] = {}
        for row in self._libraries:
            by_name[row.distribution] = (*by_name.get(row.distribution, ()), row)
        return by_name


def is_ruled(rules: Iterable[Rule], versions: Mapping[str, str], place: Place) -> bool:
    """Whether one of ``rules`` says of these versions, compared or not, that they write the same files."""
    return any(broken((rule for rule in rules if rule.code == _CODE), versions, place))


def names(row: Clobber) -> tuple[str, str]:
    """The two distributions that a row compares, normalized."""
    return canonicalize_name(row.a), canonicalize_name(row.b)


def specifier_of(row: Clobber, name: str) -> str:
    """The versions of one of its distributions (normalized name) that a row compared."""
    return row.versions_a if canonicalize_name(row.a) == name else row.versions_b


def _paths(rows: Iterable[Clobber]) -> tuple[str, ...]:
    """Those of the first row that saw different bytes."""
    return next((row.paths for row in rows if row.different), ())


def _files(row: Library) -> Iterator[str]:
    return (f"{row.directory}/{soname}" for soname in row.sonames)


def _stem(soname: str) -> str:
    return soname.partition(".so")[0]


def _is_of(row: Clobber, versions: Mapping[str, StatedVersion]) -> bool:
    return all(admits(specifier_of(row, name), version) is Answer.YES for name, version in versions.items())


def _agreed(rows: Iterable[Clobber]) -> Answer:
    """What rows of other versions agree on; NO where there are none."""
    seen = {bool(row.different) for row in rows}
    return Answer.NOT_KNOWN if len(seen) > 1 else answer(True in seen)
