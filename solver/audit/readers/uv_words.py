"""uv's own tables in a pyproject.toml: where it takes a package from, its indexes, what may not go together."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from msgspec import field
from packaging.utils import canonicalize_name

from solver.audit.readers.foreign import Hyphened
from solver.audit.readers.parts import Part
from solver.core.indexes import DEFAULT_INDEX

_DEV = ("dev",)
"""The groups that uv installs where the project does not say which."""


class UvSource(Hyphened, frozen=True, kw_only=True):
    """Where uv takes a package from: one of these, for what ``extra`` or ``group`` asks for, where its marker holds."""

    index: str | None = None
    url: str | None = None
    git: str | None = None
    path: str | None = None
    workspace: bool = False
    marker: str | None = None
    extra: str | None = None
    group: str | None = None

    @property
    def address(self) -> str | None:
        """Where it lies; None where an index serves it."""
        return self.url or self.git or self.path or ("workspace" if self.workspace else None)


class UvIndex(Hyphened, frozen=True, kw_only=True):
    """``[[tool.uv.index]]``."""

    url: str
    name: str | None = None
    explicit: bool = False
    default: bool = False


class _Conflicting(Hyphened, frozen=True, kw_only=True):
    extra: str | None = None
    group: str | None = None


class Uv(Hyphened, frozen=True, kw_only=True):
    """``[tool.uv]``."""

    sources: dict[str, UvSource | tuple[UvSource, ...]] = field(default_factory=dict)
    index: tuple[UvIndex, ...] = ()
    index_url: str | None = None
    extra_index_url: tuple[str, ...] = ()
    find_links: tuple[str, ...] = ()
    default_groups: tuple[str, ...] | str = _DEV
    constraint_dependencies: tuple[str, ...] = ()
    override_dependencies: tuple[str, ...] = ()
    conflicts: tuple[tuple[_Conflicting, ...], ...] = ()

    def source(self, name: str, extra: str | None, group: str | None, holds: Callable[[str], bool]) -> UvSource | None:
        """Where uv takes what an extra, a group or the project itself asks for; None where it says nothing.

        ``holds``: whether a marker does.
        """
        for key, said in self.sources.items():
            if canonicalize_name(key) == name:
                served = (one for one in (said if isinstance(said, tuple) else (said,)) if _serves(one, extra, group))
                return next((one for one in served if one.marker is None or holds(one.marker)), None)
        return None

    def address_of(self, index: str | None) -> str | None:
        """The address of the index of that name; None where there is none."""
        return next((one.url for one in self.index if one.name == index), None)

    @property
    def shared(self) -> tuple[str, ...]:
        """The indexes of whatever has none of its own; none where that is the default one alone."""
        urls = [index.url for index in self.index if not index.explicit]
        others = (*self.extra_index_url, *self.find_links)
        is_replaced = any(index.default for index in self.index)
        default = () if is_replaced else (self.index_url or DEFAULT_INDEX,)
        every = (*urls, *others, *default)
        return () if every == (DEFAULT_INDEX,) else every

    @property
    def addresses(self) -> tuple[str, ...]:
        """Those of every index that it names."""
        own = () if self.index_url is None else (self.index_url,)
        return (*(one.url for one in self.index), *own, *self.extra_index_url, *self.find_links)

    def plain(self, groups: Iterable[str], part: Part) -> tuple[str, ...]:
        """Those of ``groups`` that are installed beside ``part`` where nobody says which.

        uv wants a default group left out beside what it conflicts with.
        """
        chosen = self.default_groups
        return tuple(
            name
            for name in groups
            if (chosen == "all" or name in chosen)
            and not any((None, name) in one and one & _active(part) for one in self._conflicting)
        )

    def refuses(self, part: Part) -> bool:
        """Whether two things of a set may not be installed together."""
        return any(len(one & _active(part)) > 1 for one in self._conflicting)

    @property
    def _conflicting(self) -> list[set[tuple[str | None, str | None]]]:
        return [{(item.extra, item.group) for item in one} for one in self.conflicts]


def _active(part: Part) -> set[tuple[str | None, str | None]]:
    return {*((name, None) for name in part.extras), *((None, name) for name in part.groups)}


def _serves(source: UvSource, extra: str | None, group: str | None) -> bool:
    return source.extra in (None, extra) and source.group in (None, group)
