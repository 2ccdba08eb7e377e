"""PDM's own tables in a pyproject.toml: its groups, and the sources that it looks in."""

from __future__ import annotations

from fnmatch import fnmatchcase

from msgspec import field

from solver.audit.readers.foreign import Foreign, Hyphened
from solver.core.indexes import DEFAULT_INDEX

_DEFAULT = "pypi"
"""The name of a source that takes the place of the default index."""


class _Source(Foreign, frozen=True, kw_only=True):
    """``[[tool.pdm.source]]``."""

    name: str = ""
    url: str
    include_packages: tuple[str, ...] = ()
    exclude_packages: tuple[str, ...] = ()

    def has(self, name: str) -> bool:
        """Whether a package is looked for there."""
        return not any(fnmatchcase(name, pattern) for pattern in self.exclude_packages)

    def claims(self, name: str) -> bool:
        """Whether it is looked for there alone."""
        return any(fnmatchcase(name, pattern) for pattern in self.include_packages)


class Pdm(Hyphened, frozen=True, kw_only=True):
    """``[tool.pdm]``."""

    source: tuple[_Source, ...] = ()
    dev_dependencies: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def sources_of(self, name: str) -> tuple[str, ...] | None:
        """The sources that a package comes from; None where they are those of any other."""
        # https://pdm-project.org/en/latest/usage/config: what a source includes is looked for nowhere else.
        own = tuple(one.url for one in self.source if one.claims(name))
        if own:
            return own
        return None if all(one.has(name) for one in self.source) else self._of_any(name)

    @property
    def shared(self) -> tuple[str, ...]:
        """The sources of any package; none where that is the default index alone."""
        return self._of_any("")

    def _of_any(self, name: str) -> tuple[str, ...]:
        replaced = any(one.name == _DEFAULT for one in self.source)
        every = (*(() if replaced else (DEFAULT_INDEX,)), *(one.url for one in self.source if one.has(name)))
        return () if every == (DEFAULT_INDEX,) else every
