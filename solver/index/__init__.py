"""What exists: package indexes behind one Protocol.

``snapshot`` reads the recorded facts, ``pypi`` asks the live default index,
``layered`` puts the one before the other, ``conda`` holds the conda channels.
Nothing else in the project talks to an index; ``solver.refresh`` records through them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from solver.core.answer import Answer
from solver.core.errors import IndexUnavailable
from solver.core.model import PypiName, Release, Requires, Target


class UnknownPackage(IndexUnavailable):
    """The index answered that it has no package of this name."""


class ReleaseRefused(IndexUnavailable):
    """What the index says of one release cannot be of that release; the others stand."""


class Index(Protocol):
    """A source of releases of Python packages."""

    complete: bool
    """Whether the default index has nothing that it does not list; a record may lack what its index has."""

    def releases(self, name: PypiName) -> tuple[Release, ...]:
        """Every release of ``name`` that has a wheel, in any order; pre-releases may be left out.

        Returns an empty tuple where the index knows the name and has no wheel.
        Every file is a wheel of ``name`` and of its release's version.
        Raises ``NotRecorded`` where a snapshot does not hold the name and
        ``IndexUnavailable`` where the index does not answer.
        """
        ...

    def names(self) -> tuple[PypiName, ...]:
        """The names that it is known to have without asking anybody; not all of them, where it can be asked."""
        ...

    def covers(self, name: PypiName, version: str, target: Target) -> bool:
        """Whether no wheel for ``target`` is missing from what it has of one version on the default index.

        Raises as ``releases`` does.
        """
        ...

    def requires(self, release: Release, extras: Iterable[str] = ()) -> Requires:
        """The PEP 508 requirements of ``release``.

        What it asks for under one of ``extras`` (normalized) is among them unless ``provides``
        answers otherwise. A live index reads them here and not in ``releases``. Raises
        ``ReleaseRefused`` where they are not of this release.
        """
        ...

    def provides(self, release: Release, extra: str) -> Answer:
        """Whether ``requires`` has what a release, whose requirements were read, asks for under ``extra``.

        NO: the release has no such extra. NOT_KNOWN: nobody recorded what it asks for under it.
        Raises as ``requires`` does.
        """
        ...
