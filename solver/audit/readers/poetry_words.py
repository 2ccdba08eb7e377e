"""Poetry's own tables in a pyproject.toml."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from msgspec import field
from packaging.utils import canonicalize_name

from solver.audit.readers.foreign import Hyphened
from solver.core.indexes import DEFAULT_INDEX
from solver.core.poetry import poetry_specifier


class _Entry(Hyphened, frozen=True, kw_only=True):
    """One dependency that is more than a constraint."""

    version: str = "*"
    extras: tuple[str, ...] = ()
    markers: str | None = None
    optional: bool = False
    url: str | None = None
    git: str | None = None
    path: str | None = None
    source: str | None = None
    """The one source that it comes from."""


class _Source(Hyphened, frozen=True, kw_only=True):
    """``[[tool.poetry.source]]``."""

    name: str
    url: str | None = None
    """None: it is the default index, by its name."""
    priority: str = "primary"
    default: bool = False
    secondary: bool = False
    """What older versions have for ``priority``."""

    @property
    def address(self) -> str:
        """Where it lies."""
        return self.url or DEFAULT_INDEX

    @property
    def is_asked_by_name(self) -> bool:
        """Whether only what names it comes from it."""
        return self.priority == "explicit"

    @property
    def is_beside_the_default(self) -> bool:
        """Whether the default index serves too, though the file does not name it."""
        return self.secondary or self.priority in ("secondary", "supplemental")


_Said = str | _Entry | tuple[_Entry, ...]


class _Group(Hyphened, frozen=True, kw_only=True):
    dependencies: dict[str, _Said] = field(default_factory=dict)
    optional: bool = False


class Poetry(Hyphened, frozen=True, kw_only=True):
    """``[tool.poetry]``."""

    dependencies: dict[str, _Said] = field(default_factory=dict)
    dev_dependencies: dict[str, _Said] = field(default_factory=dict)
    """What older versions have for the group dev."""
    group: dict[str, _Group] = field(default_factory=dict)
    extras: dict[str, tuple[str, ...]] = field(default_factory=dict)
    source: tuple[_Source, ...] = ()

    def source_of(self, name: str, holds: Callable[[str], bool]) -> str | None:
        """The name of the source that a package comes from; None where it names none.

        ``holds``: whether a marker does.
        """
        tables = (self.dependencies, self.dev_dependencies, *(group.dependencies for group in self.group.values()))
        said = (entries for table in tables for key, entries in table.items() if canonicalize_name(key) == name)
        every = (one for entries in said for one in (entries if isinstance(entries, tuple) else (entries,)))
        named = (one for one in every if isinstance(one, _Entry) and one.source is not None)
        return next((one.source for one in named if one.markers is None or holds(one.markers)), None)

    def address_of(self, source: str) -> str | None:
        """The address of the source of that name; None where there is none."""
        return next((one.address for one in self.source if one.name == source), None)

    @property
    def shared(self) -> tuple[str, ...]:
        """The sources of whatever names none of its own; none where that is the default index alone."""
        general = [one for one in self.source if not one.is_asked_by_name]
        # https://python-poetry.org/docs/repositories: a primary source takes the place of the default index.
        implied = [DEFAULT_INDEX] if all(one.is_beside_the_default for one in general) else []
        every = (*implied, *(one.address for one in general))
        return () if every == (DEFAULT_INDEX,) else every

    @property
    def python(self) -> str | None:
        """The specifier of the pythons that it admits; None where it says none."""
        said = self.dependencies.get("python")
        return poetry_specifier(said) or None if isinstance(said, str) else None

    @property
    def groups(self) -> Mapping[str, tuple[str, ...]]:
        """The requirements of each group."""
        older = {"dev": requirements_of(self.dev_dependencies)} if self.dev_dependencies else {}
        return older | {name: requirements_of(one.dependencies) for name, one in self.group.items()}

    @property
    def plain(self) -> frozenset[str]:
        """The groups that it installs where nobody says which."""
        return frozenset(name for name in self.groups if name not in self.group or not self.group[name].optional)

    @property
    def extra_requirements(self) -> Mapping[str, tuple[str, ...]]:
        """The requirements of each extra, which are optional ones of the dependencies."""
        return {
            extra: tuple(
                text for name in names if name in self.dependencies for text in _texts(name, self.dependencies[name])
            )
            for extra, names in self.extras.items()
        }


def requirements_of(dependencies: Mapping[str, _Said]) -> tuple[str, ...]:
    """What is asked for in any case, as PEP 508's requirements."""
    return tuple(
        text
        for name, said in dependencies.items()
        if name != "python" and not (isinstance(said, _Entry) and said.optional)
        for text in _texts(name, said)
    )


def _texts(name: str, said: _Said) -> tuple[str, ...]:
    entries = (_Entry(version=said),) if isinstance(said, str) else said if isinstance(said, tuple) else (said,)
    return tuple(_text(name, entry) for entry in entries)


def _text(name: str, entry: _Entry) -> str:
    extras = f"[{','.join(entry.extras)}]" if entry.extras else ""
    address = entry.url or entry.git or entry.path
    what = f" @ {address if '://' in address else 'file:///' + address}" if address else poetry_specifier(entry.version)
    return f"{name}{extras}{what}" + (f" ; {entry.markers}" if entry.markers else "")
