"""The live indexes together: each package asked of the one index that it may come from."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from urllib.parse import quote

from solver.core import names
from solver.core.answer import Answer, NotKnown
from solver.core.errors import BadInput
from solver.core.indexes import PUBLIC, Bindings
from solver.core.model import IndexFile, PrivateIndex, PypiName, Release, Requires, Target, pypi_name
from solver.index.pypi import PypiIndex
from solver.index.web import Web


class LiveIndexes:
    """The default index, and the private ones of which it must not be asked for any package."""

    def __init__(self, bindings: Bindings = PUBLIC, default: PypiIndex | None = None) -> None:
        self.bindings, self.default = bindings, default or PypiIndex()
        self._private: dict[str, PypiIndex] = {}

    @property
    def session(self) -> Web:
        """What knows the credentials of every server that was asked so far."""
        return self.default.session

    @property
    def remedy(self) -> str:
        """As the default index."""
        return self.default.remedy

    def of(self, name: PypiName) -> PypiIndex:
        """The index that ``name`` may come from; raises ``BadInput`` where nobody says where it is."""
        bound = self.bindings.index_of(name)
        if bound is None:
            return self.default
        if bound.name not in self._private:
            url = address_of(bound)
            self._private[bound.name] = PypiIndex(url, session=self.session, name=bound.name)
        return self._private[bound.name]

    def complete(self, name: PypiName) -> bool:
        """As ``Index``."""
        return self.of(name).complete(name)

    def listed_whole(self, name: PypiName, target: Target) -> str | NotKnown:
        """As ``Index``."""
        return self.of(name).listed_whole(name, target)

    def more(self, lacking: Iterable[PypiName], involved: Iterable[PypiName]) -> bool:
        """There is no more."""
        return False

    def looked_at(self, name: PypiName, releases: Sequence[Release]) -> Sequence[Release]:
        """All of them."""
        return releases

    def names(self) -> tuple[PypiName, ...]:
        """None: a list of all of them is a large one."""
        return ()

    def releases(self, name: PypiName) -> tuple[Release, ...]:
        """As ``Index``."""
        return self.of(name).releases(name)

    def covers(self, name: PypiName, version: str, target: Target) -> bool:
        """As ``Index``."""
        return self.of(name).covers(name, version, target)

    def requires(self, release: Release, extras: Iterable[str] = ()) -> Requires:
        """As ``Index``."""
        return self._of_release(release).requires(release, extras)

    def provides(self, release: Release, extra: str) -> Answer:
        """As ``Index``."""
        return self._of_release(release).provides(release, extra)

    def extras(self, release: Release) -> tuple[str, ...]:
        """As ``Index``."""
        return self._of_release(release).extras(release)

    def source(self, file: IndexFile) -> str:
        """As ``PypiIndex.source``."""
        return self.of(_project(file)).source(file)

    def kept_as(self, file: IndexFile) -> str:
        """What caches know the index by that ``file`` is asked of."""
        return self.of(_project(file)).kept_as

    def _of_release(self, release: Release) -> PypiIndex:
        # A release that is refused has no file, and is told why before anything is read.
        return self.of(_project(release.files[0])) if release.files else self.default


def _project(file: IndexFile) -> PypiName:
    return pypi_name(names.distribution(file.filename).project)


def address_of(index: PrivateIndex) -> str:
    """Where a private index is, with the credentials that the environment has for it; raises ``BadInput``."""
    url = os.environ.get(variable_of(index.name, "URL")) or index.url
    if not url:
        raise BadInput(
            "has no address", key=f"indexes.{index.name}", fix=f"write its url, or set {variable_of(index.name, 'URL')}"
        )
    try:
        parts = names.url_parts(names.web_address(url))
    except names.BadName as error:
        raise BadInput(
            str(error), key=variable_of(index.name, "URL"), fix="write it like https://host/simple"
        ) from None
    user, password = (os.environ.get(variable_of(index.name, what), "") for what in ("USERNAME", "PASSWORD"))
    if (not user and not password) or "@" in parts.netloc:
        return url
    return parts._replace(netloc=f"{quote(user, safe='')}:{quote(password, safe='')}@{parts.netloc}").geturl()


def variable_of(name: str, what: str) -> str:
    """The environment variable that tells something of a private index: its URL, a USERNAME, a PASSWORD."""
    return f"INTERLOCK_INDEX_{name.upper().replace('-', '_')}_{what}"
