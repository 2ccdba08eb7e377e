"""The live default index: listings by PEP 691 (or HTML), requirements by PEP 658 (or out of the file itself).

Its address is the index client's own default, or ``$INTERLOCK_INDEX_URL``;
pip's configuration is never read.
"""

from __future__ import annotations

import hashlib
import os
import threading
from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from solver.core import names
from solver.core.answer import Answer, NotKnown, answer
from solver.core.caches import user_cache
from solver.core.errors import BadInput, IndexUnavailable
from solver.core.indexes import DEFAULT_NAME, is_of_default, title_of
from solver.core.model import IndexFile, IndexName, PypiName, Release, Target, pypi_name
from solver.index import ReleaseLost, ReleaseRefused, UnknownPackage
from solver.index.addresses import is_this_machine, is_unencrypted
from solver.index.kept_addresses import AddressCache
from solver.index.listing import WRONG, BrokenLink, Link, file_of, installable_links, read_listing
from solver.index.metadata import Metadata, MetadataCache, parse_metadata
from solver.index.ranges import GONE, BrokenWheel, LostWheel, read_member
from solver.index.source_archive import fetch
from solver.index.web import NoAnswer, Web, WebAnswer, log

if TYPE_CHECKING:
    from pypi_simple import DistributionPackage

INDEX_URL = "INTERLOCK_INDEX_URL"
"""Environment variable with the address of another default index."""
MOST_METADATA = 4 * 1024 * 1024
"""Bytes of the metadata of one wheel."""
MOST_LISTING = 64 * 1024 * 1024
"""Bytes of a listing; the longest ones have a few million."""


def chosen_index() -> str | None:
    """The default index that the environment names, credentials included; None where it names none.

    Raises ``BadInput`` where that is no address of the web, or one that nothing can be put after.
    """
    address = os.environ.get(INDEX_URL) or None
    try:
        if address is not None and ("?" in names.web_address(address) or "#" in address):
            raise names.BadName("an index's address has no query and no fragment")
    except names.BadName as error:
        fix = "write it like https://HOST/simple, or unset the variable"
        raise BadInput(str(error), key=INDEX_URL, fix=fix) from None
    return address


class PypiIndex:
    """The package index as an ``Index``; may be shared by threads.

    ``url`` goes before the environment variable; ``cache`` is the folder of
    what was read once (None: the user's). ``session`` must retry by itself.
    ``name`` is that of a private index, whose releases tell where their files lie.
    """

    def __init__(
        self,
        url: str | None = None,
        cache: Path | None = None,
        session: Web | None = None,
        name: IndexName = DEFAULT_NAME,
    ) -> None:
        folder = cache or user_cache()
        self.session = session or Web(kept=folder / "listings")
        self.name, self.title = name, title_of(name)
        chosen = url or chosen_index()
        self._chosen = None if chosen is None else self._bare(chosen)
        """Its address; None for the one that everybody has, which only who asks it needs to know."""
        self.kept_as = self._chosen or ""
        """What caches know it by."""
        self._cache = MetadataCache(folder, self.kept_as)
        self._addresses = AddressCache(folder, self.kept_as)
        self._links: dict[str, DistributionPackage] = {}
        self._releases: dict[PypiName, tuple[Release, ...]] = {}
        self._unknown: dict[PypiName, str] = {}
        """What was told of packages that it does not have; each is asked for once."""
        self._asking: dict[PypiName, threading.Lock] = defaultdict(threading.Lock)
        """Held while a package is asked for, so that of several threads one asks."""
        self._warned = False

    def _bare(self, url: str) -> str:
        return self.session.public(url).rstrip("/") + "/"

    @cached_property
    def _endpoint(self) -> str:
        from pypi_simple import PYPI_SIMPLE_ENDPOINT

        return self._chosen or self._bare(PYPI_SIMPLE_ENDPOINT)

    def releases(self, name: PypiName) -> tuple[Release, ...]:
        """Every release with a wheel, and of those without any the source archive, asked of the index once.

        Their ``requires`` are not known: ``requires(release)`` reads them. A release of
        which some file is not what it must be holds no file and says why in
        ``refused``. Raises ``IndexUnavailable``, also where the index has no such name.
        """
        with self._asking[name]:
            if name in self._unknown:
                raise UnknownPackage(self._unknown[name])
            if name not in self._releases:
                try:
                    self._releases[name] = self._group(name, self._listed(name))
                except UnknownPackage as error:
                    self._unknown[name] = str(error)
                    raise
            return self._releases[name]

    @property
    def remedy(self) -> str:
        """That it can tell no more."""
        return f"it is all that {self.title} has"

    def complete(self, name: PypiName) -> bool:
        """Always."""
        return True

    def listed_whole(self, name: PypiName, target: Target) -> str | NotKnown:
        """All of them."""
        return ""

    def more(self, lacking: Iterable[PypiName], involved: Iterable[PypiName]) -> bool:
        """There is no more."""
        return False

    def looked_at(self, name: PypiName, releases: Sequence[Release]) -> Sequence[Release]:
        """All of them."""
        return releases

    def names(self) -> tuple[PypiName, ...]:
        """None: a list of all of them is a large one."""
        return ()

    def covers(self, name: PypiName, version: str, target: Target) -> bool:
        """Always: every file is listed."""
        return True

    def requires(self, release: Release, extras: Iterable[str] = ()) -> tuple[str, ...]:
        """The requirements that the release's first file declares; raises ``ReleaseRefused``."""
        if release.refused is not None:
            raise ReleaseRefused(release.refused)
        return self.metadata(release.files[0]).requires

    def provides(self, release: Release, extra: str) -> Answer:
        """Whether the metadata of its first file name the extra."""
        return answer(extra in self.metadata(release.files[0]).extras)

    def extras(self, release: Release) -> tuple[str, ...]:
        """Every extra that the metadata of its first file name."""
        return self.metadata(release.files[0]).extras

    def metadata(self, file: IndexFile) -> Metadata:
        """The core metadata of one file that ``releases`` listed; cached by its sha256 and name.

        Raises ``ReleaseRefused`` where they are another package's or cannot be used.
        """
        metadata = self._cache.get(file) if file.sha256 else None
        link = self._links.get(file.filename)
        listed = None if link is None else (link.metadata_digests or {}).get("sha256")
        if metadata is None or (listed is not None and metadata.digest != listed):
            metadata = self._parsed(file)
            if file.sha256:
                self._cache.put(file, metadata)
        return metadata

    def address(self, file: IndexFile) -> str:
        """Where a file can be downloaded, without anything secret; its project is asked for where it was not yet.

        Raises ``IndexUnavailable`` where the index does not list it, or lists it with another hash.
        """
        address = names.public_address(self.source(file))
        self._addresses.put(file, address)
        return address

    def address_at_hand(self, file: IndexFile) -> str | None:
        """As ``address``, of what it told before; None where it would have to be asked."""
        return self.address(file) if file.filename in self._links else self._addresses.get(file)

    def provenance(self, file: IndexFile) -> bytes | None:
        """What the index gives as the provenance of a file (PEP 740), unchecked; None where it has none.

        Raises ``IndexUnavailable`` where it lists one and does not give it.
        """
        url = self._link(file).provenance_url
        if url is None:
            return None
        what = f"the provenance of {file.filename}"
        try:
            admitted = self._admitted(url)
        except names.BadName as error:
            raise IndexUnavailable(f"{self.title} is at odds with itself about {what}: {error}") from error
        return _good(self._ask(admitted, what, MOST_METADATA), what, self.title).body

    def source(self, file: IndexFile) -> str:
        """As ``address``, with the query that a server may want to see: to be read by ``session`` and never shown."""
        return self._link(file).url

    def _link(self, file: IndexFile) -> DistributionPackage:
        if file.filename not in self._links:
            self.releases(pypi_name(names.distribution(file.filename).project))
        link = self._links.get(file.filename)
        if link is None:
            raise IndexUnavailable(f"{self.title} does not list {file.filename}")
        if isinstance(file.sha256, str) and link.digests.get("sha256") != file.sha256:
            raise IndexUnavailable(f"{self.title} lists {file.filename} with another hash than {file.sha256}")
        return link

    def _parsed(self, file: IndexFile) -> Metadata:
        if not names.is_source(file.filename):
            return parse_metadata(self._read(file), file.filename)
        said = fetch(self.session, self._link(file).url, file)
        return parse_metadata(said.pkg_info, file.filename, said.requires)

    def _read(self, file: IndexFile) -> bytes:
        link = self._link(file)
        digest = (link.metadata_digests or {}).get("sha256")
        if link.has_metadata and digest is not None:
            return self._vouched(link, digest, file)
        # Metadata that no listing vouches for could be anybody's; the wheel's own is read instead.
        return self._inside(link, file)

    def _inside(self, link: DistributionPackage, file: IndexFile) -> bytes:
        try:
            return read_member(link.url, "*.dist-info/METADATA", self.session, size=file.size, limit=MOST_METADATA)
        except BrokenWheel as error:
            raise (ReleaseLost if isinstance(error, LostWheel) else ReleaseRefused)(str(error)) from error

    def _vouched(self, link: DistributionPackage, digest: str, file: IndexFile) -> bytes:
        """The metadata that the listing vouches for (PEP 658): beside the wheel, or else inside of it.

        Both are the same file, so that one hash serves for both. A file beside the wheel
        that cannot be had, or is another one, says nothing against the release.
        """
        what = f"the metadata of {link.filename}"
        try:
            return self._beside(link, digest, what)
        except IndexUnavailable as error:
            lasting, problem = isinstance(error, ReleaseRefused), str(error)
        try:
            data = self._inside(link, file)
        except IndexUnavailable as error:
            raise (ReleaseRefused if lasting else IndexUnavailable)(f"{problem}; and {error}") from error
        if hashlib.sha256(data).hexdigest() != digest:
            raise ReleaseRefused(f"{problem}; and those inside the wheel have another sha256 than the listing says")
        log.info("%s; they were read inside the wheel", problem)
        return data

    def _beside(self, link: DistributionPackage, digest: str, what: str) -> bytes:
        """The file beside the wheel; raises ``ReleaseRefused`` where there is no such file, or another one."""
        answer = self._ask(link.metadata_url, what, MOST_METADATA)
        problem = None
        if answer.status in GONE:
            problem = "it lists them and has none"
        elif answer.status == 200 and hashlib.sha256(answer.body).hexdigest() != digest:
            problem = "they have another sha256 than the listing says"
        if problem is not None:
            raise ReleaseRefused(f"{self.title} is at odds with itself about {what}: {problem}")
        return _good(answer, what, self.title).body

    def _ask(self, url: str, what: str, most: int, accept: str = "*/*", *, keep: bool = False) -> WebAnswer:
        try:
            return self.session.get(url, most, {"Accept": accept}, keep=keep)
        except NoAnswer as error:
            raise IndexUnavailable(f"{self.title} did not answer when asked for {what}: {error}") from error

    def _listed(self, name: PypiName) -> list[Link]:
        from pypi_simple import ACCEPT_JSON_PREFERRED

        if not names.is_project(name):
            raise UnknownPackage(f"{self.title} has no package {names.shown(name)}")
        self._tell_who_listens()
        answer = self._ask(f"{self._endpoint}{name}/", name, MOST_LISTING, ACCEPT_JSON_PREFERRED, keep=True)
        if answer.status == 404:
            raise UnknownPackage(f"{self.title} has no package {name}")
        return read_listing(_good(answer, name, self.title), name, self.title)

    def _tell_who_listens(self) -> None:
        if is_unencrypted(self._endpoint) and not is_this_machine(self._endpoint) and not self._warned:
            shown = names.public_address(self._endpoint)
            log.warning("%s is asked without encryption: anybody on the way can change what it says", shown)
        self._warned = True

    def _group(self, name: PypiName, links: Iterable[Link]) -> tuple[Release, ...]:
        groups: dict[tuple[str, str | None, str | None], dict[str, IndexFile]] = defaultdict(dict)
        refused: dict[str, str] = {}
        digests: dict[str, str | NotKnown] = {}
        for link, version in installable_links(links):
            if isinstance(link, BrokenLink):
                refused.setdefault(version, link.problem)
                continue
            try:
                link.url = self._admitted(link.url)
                file = file_of(link, name, addressed=not is_of_default(self.name))
                if digests.setdefault(file.filename, file.sha256) != file.sha256:
                    raise names.BadName(f"{file.filename} is listed with two hashes")
            except names.BadName as error:
                refused.setdefault(version, f"{WRONG}: {error}")
                continue
            self._links[link.filename] = link
            yanked = names.brief(names.one_line(link.yanked_reason or "")) if link.is_yanked else None
            groups[version, names.requires_python(link.requires_python), yanked][file.filename] = file
        good = (
            Release(
                version=version,
                files=tuple(files.values()),
                index=self.name,
                requires_python=python,
                yanked=yanked,
                source=None if is_of_default(self.name) else self.title,
            )
            for (version, python, yanked), files in groups.items()
            if version not in refused
        )
        bad = (Release(version=version, files=(), index=self.name, refused=why) for version, why in refused.items())
        return (*good, *bad)

    def _admitted(self, url: str) -> str:
        """The address of a file, its credentials left with the session."""
        bare = self.session.public(names.web_address(url))
        if is_unencrypted(bare) and not is_unencrypted(self._endpoint):
            raise names.BadName(f"{names.shown(names.public_address(bare))} is not encrypted, and the index itself is")
        return bare


def _good(answer: WebAnswer, what: str, title: str) -> WebAnswer:
    if answer.status != 200:
        raise IndexUnavailable(f"{title} answered {answer.said} when asked for {what}")
    return answer
