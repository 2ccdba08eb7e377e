"""What exists: package indexes behind one Protocol.

``snapshot`` reads the recorded facts, ``pypi`` asks the live default index,
``layered`` puts the one before the other, ``conda`` holds the conda channels.
Nothing else in the project talks to an index; ``solver.refresh`` records through them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from solver.core.answer import Answer, NotKnown
from solver.core.errors import IndexUnavailable
from solver.core.model import PypiName, Release, Requires, Target


class UnknownPackage(IndexUnavailable):
    """The index answered that it has no package of this name."""


class ReleaseRefused(IndexUnavailable):
    """What the index says of one release cannot be of that release; the others stand."""


class ReleaseLost(ReleaseRefused):
    """The index lists a release whose wheel is gone: nobody can choose it, and nothing is known of it."""


class Index(Protocol):
    """A source of releases of Python packages."""

    @property
    def remedy(self) -> str:
        """What to do about what it lacks, or why nothing can be done: a clause that follows what is lacking."""
        ...

    def complete(self, name: PypiName) -> bool:
        """Whether the default index has nothing of ``name`` that is not listed; a record may lack what there is."""
        ...

    def listed_whole(self, name: PypiName, target: Target) -> str | NotKnown:
        """The specifier of the final releases of ``name`` of which it lists all that ``target`` can use; "": of all.

        NOT_KNOWN: of no range.
        """
        ...

    def more(self, lacking: Iterable[PypiName], involved: Iterable[PypiName]) -> bool:
        """Look further, after a search failed, at what is ``lacking`` and at what it failed with.

        Whether it lists anything that it did not before.
        """
        ...

    def looked_at(self, name: PypiName, releases: Sequence[Release]) -> Sequence[Release]:
        """Of ``releases`` that a target can use, preferred first, those that a search may choose before ``more``."""
        ...

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

    def extras(self, release: Release) -> tuple[str, ...]:
        """The extras that a release is known to have, normalized and sorted; raises as ``requires`` does."""
        ...
