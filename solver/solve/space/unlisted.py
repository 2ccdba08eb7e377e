"""Releases that nobody listed and that may exist: what takes their place in a search that admits all doubt.

Of each kind of version that anything in a problem tells apart there is one. It asks for nothing but what rows and
rules ask of its version: any real release of its kind asks for that too, and may ask for nothing more.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from solver.core.answer import Answer, NotKnown
from solver.core.errors import NotRecorded
from solver.core.indexes import DEFAULT_NAME
from solver.core.model import PypiName, Release
from solver.core.versions import kinds, version_or_none, within
from solver.index import Index, UnknownPackage
from solver.matrix.distinctions import distinctions
from solver.matrix.rows import Build
from solver.solve.space.refusals import refusal
from solver.solve.space.scope import Scope
from solver.solve.space.terms import Exclusion


def supposed_releases(scope: Scope, name: str, remedy: str) -> tuple[list[Release], list[Exclusion]]:
    """The releases of ``name`` that ``scope`` supposes, and those of them of which rows know that they will not do."""
    index = scope.bindings.index_of(name)
    supposed, excluded = [], []
    for version in sorted(version for one, version in scope.unlisted if one == name):
        release = Release(version=version, files=(), index=DEFAULT_NAME if index is None else index.name)
        exclusion = refusal(scope, name, version, release, remedy=remedy)
        if exclusion is None or exclusion.verdict.answer is Answer.NOT_KNOWN:
            supposed.append(release)
        elif is_named(scope, name, version):
            excluded.append(exclusion)
    return supposed, excluded


def is_named(scope: Scope, name: str, version: str) -> bool:
    """Whether a row names this very release, so that a story can tell of it."""
    row = scope.build(name, version)
    return isinstance(row, Build) and row.version == version


def unlisted_versions(scope: Scope, index: Index, name: str, asked: Collection[str]) -> Iterator[str]:
    """The versions of ``name``, one of each kind, that may exist beside what ``index`` lists.

    ``asked``: what the problem asks of its versions. Of a package that is listed whole from some release on, older ones
    are nobody's wish, unless somebody asks for versions of which none was listed.
    """
    whole = index.listed_whole(PypiName(name), scope.target)
    listed = {version_or_none(release.version) for release in listed_releases(index, name)}
    within_whole = [] if isinstance(whole, NotKnown) else [one for one in listed if one and within(str(one), whole)]
    only = not all(any(one and _admits(text, str(one)) for one in listed) for text in asked)
    oldest = min(within_whole, default=None)
    specifiers = [part for text in (*distinctions(scope.matrices, name), *asked) for part in text.split("||")]
    for text in kinds(specifiers):
        version = version_or_none(text)
        is_listed = version in listed or (not isinstance(whole, NotKnown) and within(text, whole))
        if version is not None and not is_listed and (oldest is None or version > oldest or only):
            yield text


def _admits(specifier: str, version: str) -> bool:
    return any(within(version, part) for part in specifier.split("||"))


def listed_releases(index: Index, name: str) -> tuple[Release, ...]:
    """The releases of ``name`` that ``index`` lists; none where it has no record of it, or no package of this name."""
    try:
        return index.releases(PypiName(name))
    except (NotRecorded, UnknownPackage):
        return ()
