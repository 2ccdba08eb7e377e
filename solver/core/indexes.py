"""The package indexes that there are: each public one a row, with its record under matrices/snapshot.

Private ones a request names (``Bindings``).
"""

from __future__ import annotations

import functools
import importlib.util
import re
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from solver.core.model import IndexName, KnownIndex, PrivateIndex
from solver.core.names import url_parts


@dataclass(frozen=True)
class PackageIndex:
    """One index."""

    name: KnownIndex
    domain: str | None
    """Where its files lie. None: the default index, whose address every client knows and no file of ours holds."""
    title: str
    """As a sentence calls it."""
    partial: bool
    """Whether what its record lacks may exist: it is never asked, and only what public sources tell of it is recorded.
    Of such an index a build that a row documents is a candidate, also where nobody read its wheel."""
    flavoured: bool
    """Whether the local part of a version there names the flavour of a build, as a folder of its address does."""


_TABLE = (
    PackageIndex("default", domain=None, title="the package index", partial=False, flavoured=False),
    PackageIndex("pytorch", domain="pytorch.org", title="the PyTorch index", partial=True, flavoured=True),
)
INDEXES: Mapping[KnownIndex, PackageIndex] = {index.name: index for index in _TABLE}
"""By name, the default one first."""


_BY_NAME: Mapping[str, PackageIndex] = {index.name: index for index in _TABLE}


DEFAULT_NAME: KnownIndex = _TABLE[0].name
"""The name of the default index."""


def is_of_default(index: IndexName | None) -> bool:
    """Whether an index is the default one, by its name; None: nobody said which it is."""
    return index == DEFAULT_NAME


def is_partial(index: IndexName) -> bool:
    """Whether a wheel that the index's record lacks may exist all the same, also where its live index is asked."""
    return index in _BY_NAME and _BY_NAME[index].partial


def title_of(index: IndexName) -> str:
    """How a sentence calls an index; a private one goes by its name."""
    return _BY_NAME[index].title if index in _BY_NAME else f"the index {index}"


@dataclass(frozen=True)
class Bindings:
    """Which packages come from a private index, and from nowhere else."""

    indexes: tuple[PrivateIndex, ...] = ()

    def index_of(self, name: str) -> PrivateIndex | None:
        """The private index that a normalized name is bound to: the first that names it; None for public packages."""
        admits = (one for one in self.indexes if any(fnmatchcase(name, pattern) for pattern in one.packages))
        return next(admits, None)

    @property
    def patterns(self) -> dict[str, IndexName]:
        """The index by each name and pattern, as a profile holds it."""
        return {pattern: one.name for one in self.indexes for pattern in one.packages}

    def title_of(self, name: str) -> str:
        """How a sentence calls the index that ``name`` comes from."""
        bound = self.index_of(name)
        return title_of(DEFAULT_NAME if bound is None else bound.name)

    def admits(self, name: str, index: IndexName) -> bool:
        """Whether a release of ``name`` may come from ``index``."""
        bound = self.index_of(name)
        return index in _BY_NAME if bound is None else index == bound.name


PUBLIC = Bindings()
"""Every package comes from public indexes."""


def bindings_by(patterns: Mapping[str, IndexName]) -> Bindings:
    """The bindings of a profile, which does not say where an index is."""
    return Bindings(tuple(PrivateIndex(name=index, url=None, packages=(one,)) for one, index in patterns.items()))


DEFAULT_INDEX = ""
"""What stands among the addresses that a set names for the default index, whose own address no file of ours holds."""

# A CUDA, the CPU, ROCm or XPU as the last folder of an address (…/whl/nightly/cu128/).
_FLAVOUR = re.compile(r"cpu|cu\d{2,3}|rocm[\d.]+|xpu")


def is_default(url: str) -> bool:
    """Whether ``url`` is the default index, by what stands for it or by its own address."""
    return url == DEFAULT_INDEX or (url_parts(url).hostname or "") == _default_host()


@functools.cache
def _default_host() -> str:
    """As our client of indexes has it, out of whose source it is read: to import it takes 0.2 s, and an audit asks."""
    spec = importlib.util.find_spec("pypi_simple")
    source = "" if spec is None or spec.origin is None else Path(spec.origin).read_text(encoding="utf-8")
    said = re.search(r'^PYPI_SIMPLE_ENDPOINT\b.*"(.+)"$', source, re.MULTILINE)
    if said is not None:
        return url_parts(said[1]).hostname or ""
    from pypi_simple import PYPI_SIMPLE_ENDPOINT

    return url_parts(PYPI_SIMPLE_ENDPOINT).hostname or ""


CPU_FLAVOUR = "cpu"
"""The flavour of PyTorch's builds that use no GPU."""


def flavour_of(url: str) -> str | None:
    """The flavour of the builds that an index of PyTorch holds ("cu128"), which is their versions' local part.

    None where the address is that of a page or an index which lists them all.
    """
    last = url_parts(url).path.rstrip("/").rpartition("/")[2]
    return last if _FLAVOUR.fullmatch(last) else None


def is_flavoured(url: str) -> bool:
    """Whether an address is of an index whose builds have flavours, whatever its folder says."""
    known = known_index(url)
    return known is not None and INDEXES[known].flavoured


def is_nightly(url: str) -> bool:
    """Whether an address is that of builds of every night, of which nothing is recorded (…/whl/nightly/cu128/)."""
    return "nightly" in url_parts(url).path.split("/")


def index_of(url: str) -> IndexName | None:
    """The index that a file's address belongs to; None where it is none whose addresses are known."""
    return known_index(url)


def known_index(url: str) -> KnownIndex | None:
    """As ``index_of``: the row of ``INDEXES`` that an address belongs to; None where it is that of none."""
    host = url_parts(url).hostname or ""
    for name, index in INDEXES.items():
        if index.domain is not None and (host == index.domain or host.endswith("." + index.domain)):
            return name
    return None
