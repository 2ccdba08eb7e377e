"""What a conda package is called on PyPI, and the other way round: the one reading of names.yaml."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

from solver.core.answer import NOT_KNOWN, NotKnown
from solver.core.model import CondaName, PypiName, conda_name, pypi_name
from solver.core.spelling import near_names
from solver.matrix.load import Matrices
from solver.matrix.rows import PackageName

_T = TypeVar("_T")


_CUDA = "{version}"
"""Stands in ``builds`` for the version of the package that selects them, which is then a CUDA."""


@dataclass(frozen=True)
class Selection:
    """The builds of another package that a conda package selects, which holds nothing itself."""

    package: CondaName
    builds: str
    """A pattern of build strings."""
    same_version: bool
    """Whether it brings the package in its own version, which otherwise names a CUDA."""


@dataclass(frozen=True)
class Names:
    """The two worlds of package names; a name without a row is the same in both."""

    matrices: Matrices

    def pypi(self, name: CondaName) -> PypiName | None:
        """The PyPI name of a conda package; None: a row says that PyPI has no counterpart."""
        twin = self._rows.get(name, (name, 0))[0]
        return None if twin is None else pypi_name(twin)

    def recorded(self, name: CondaName) -> PypiName | NotKnown | None:
        """As ``pypi``, None too; NOT_KNOWN without a row."""
        return self.pypi(name) if name in self._rows else NOT_KNOWN

    def conda(self, name: str) -> CondaName:
        """The conda name of a PyPI package: of several, the one to ask for."""
        return conda_name(self._to_conda.get(pypi_name(name), name))

    def namesake(self, name: str) -> PypiName | None:
        """The project that is imported by ``name``, or that conda calls so, and the index does not; None: none is."""
        twin = self._imports.get(pypi_name(name)) or self._rows.get(conda_name(name), (None, 0))[0]
        return None if twin is None or pypi_name(twin) == pypi_name(name) else pypi_name(twin)

    def meant(self, name: str, known: Iterable[str]) -> tuple[str, ...]:
        """The projects that a person may have meant by ``name``, which is none: what is imported or called so by
        conda, otherwise what of ``known`` is spelt nearly so; empty where none is.
        """
        twin = self.namesake(name)
        if twin is not None:
            return (twin,)
        return near_names(pypi_name(name), {*known, *self._imports.values()} - {pypi_name(name)})

    def rank(self, name: CondaName) -> int:
        """Of several conda packages of one PyPI project, the one with the lowest rank stands for it."""
        return self._rows.get(name, (name, 0))[1]

    def by_pypi(self, packages: Mapping[CondaName, _T]) -> dict[str, _T]:
        """Conda packages by PyPI name, without those that PyPI has no counterpart of."""
        ordered = sorted(packages, key=self.rank, reverse=True)
        return {twin: packages[name] for name in ordered if (twin := self.pypi(name)) is not None}

    def selection(self, name: CondaName, version: str | None) -> Selection | None:
        """What conda's package of that name selects, in a version; None: it is no such package."""
        row = self._selecting.get(name)
        if row is None or row.selects is None:
            return None
        builds = row.builds or "*"
        of_cuda = _CUDA in builds
        return Selection(conda_name(row.selects), builds.replace(_CUDA, version or ""), same_version=not of_cuda)

    @cached_property
    def _selecting(self) -> dict[str, PackageName]:
        return {row.conda: row for row in self.matrices.names if row.selects is not None}

    @cached_property
    def _rows(self) -> dict[str, tuple[str | None, int]]:
        return {row.conda: (row.pypi, rank) for rank, row in enumerate(self.matrices.names)}

    @cached_property
    def _imports(self) -> dict[PypiName, PypiName]:
        return {pypi_name(row.module): pypi_name(row.pypi) for row in self.matrices.imports}

    @cached_property
    def _to_conda(self) -> dict[PypiName, str]:
        conda_names: dict[PypiName, str] = {}
        for row in self.matrices.names:
            if row.pypi is not None:
                conda_names.setdefault(pypi_name(row.pypi), row.conda)
        return conda_names
