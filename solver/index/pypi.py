"""The live default index: listings by PEP 691 (or HTML), requirements by PEP 658 (or out of the wheel).

Its address is the index client's own default, or ``$INTERLOCK_INDEX_URL``;
pip's configuration is never read.
"""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from solver.core import names
from solver.core.answer import Answer, answer
from solver.core.errors import IndexUnavailable
from solver.core.model import IndexFile, PypiName, Release, Target, pypi_name
from solver.index import ReleaseRefused, UnknownPackage
from solver.index.metadata import Metadata, MetadataCache, parse_metadata, user_cache
from solver.index.ranges import TIMEOUT, open_session, read_member

if TYPE_CHECKING:
    import requests
    from pypi_simple import DistributionPackage, ProjectPage

INDEX_URL = "INTERLOCK_INDEX_URL"
"""Environment variable with the address of another default index."""


class PypiIndex:
    """The package index as an ``Index``; may be shared by threads.

    ``url`` goes before the environment variable; ``cache`` is the folder of
    what was read once (None: the user's). ``session`` must retry by itself.
    """

    complete = True

    def __init__(
        self, url: str | None = None, cache: Path | None = None, session: requests.Session | None = None
    ) -> None:
        from pypi_simple import ACCEPT_JSON_PREFERRED, PYPI_SIMPLE_ENDPOINT, PyPISimple

        self.session = session or open_session()
        endpoint = url or os.environ.get(INDEX_URL) or PYPI_SIMPLE_ENDPOINT
        self._client = PyPISimple(endpoint, session=self.session, accept=ACCEPT_JSON_PREFERRED)
        self._cache = MetadataCache(cache or user_cache(), endpoint)
        self._links: dict[str, DistributionPackage] = {}
        self._releases: dict[PypiName, tuple[Release, ...]] = {}

    def releases(self, name: PypiName) -> tuple[Release, ...]:
        """Every release with a wheel, asked of the index once.

        Their ``requires`` are None: ``requires(release)`` reads them. A release of
        which some file is not what it must be holds no file and says why in
        ``refused``. Raises ``IndexUnavailable``, also where the index has no such name.
        """
        if name not in self._releases:
            self._releases[name] = self._group(name, self._page(name))
        return self._releases[name]

    def names(self) -> tuple[PypiName, ...]:
        """None: a list of all of them is a large one."""
        return ()

    def covers(self, name: PypiName, version: str, target: Target) -> bool:
        """Always: every wheel is listed."""
        return True

    def requires(self, release: Release, extras: Iterable[str] = ()) -> tuple[str, ...]:
        """The requirements that the release's first wheel declares; raises ``ReleaseRefused``."""
        if release.refused is not None:
            raise ReleaseRefused(release.refused)
        return self.metadata(release.files[0]).requires

    def provides(self, release: Release, extra: str) -> Answer:
        """Whether the metadata of its first wheel name the extra."""
        return answer(extra in self.metadata(release.files[0]).extras)

    def metadata(self, file: IndexFile) -> Metadata:
        """The core metadata of one wheel that ``releases`` listed; cached by its sha256 and name.

        Raises ``ReleaseRefused`` where they are another package's or cannot be used.
        """
        metadata = self._cache.get(file) if file.sha256 else None
        if metadata is None:
            metadata = parse_metadata(self._read(file), file.filename)
            if file.sha256:
                self._cache.put(file, metadata)
        return metadata

    def address(self, file: IndexFile) -> str:
        """Where a wheel can be downloaded; its project is asked for where it was not yet.

        Raises ``IndexUnavailable`` where the index does not list it, or lists it with another hash.
        """
        return self._link(file).url

    def _link(self, file: IndexFile) -> DistributionPackage:
        if file.filename not in self._links:
            self.releases(pypi_name(names.wheel(file.filename).project))
        link = self._links.get(file.filename)
        if link is None:
            raise IndexUnavailable(f"the package index does not list {file.filename}")
        if file.sha256 is not None and link.digests.get("sha256") != file.sha256:
            raise IndexUnavailable(f"the package index lists {file.filename} with another hash than {file.sha256}")
        return link

    def _read(self, file: IndexFile) -> bytes:
        link = self._link(file)
        digests = link.metadata_digests or {}
        if link.has_metadata and "sha256" in digests:
            with _as_ours(f"the metadata of {file.filename}"):
                return self._client.get_package_metadata_bytes(link, timeout=TIMEOUT)
        # Metadata that no listing vouches for could be anybody's; the wheel's own is read instead.
        return read_member(link.url, "*.dist-info/METADATA", self.session, size=file.size)

    def _page(self, name: PypiName) -> ProjectPage:
        if not names.is_project(name):
            raise UnknownPackage(f"the package index has no package {names.shown(name)}")
        with _as_ours(name):
            page = self._client.get_project_page(name, timeout=TIMEOUT)
            if names.project(page.project) != name:
                raise names.BadName(f"it is the listing of {names.shown(page.project)}")
        return page

    def _group(self, name: PypiName, page: ProjectPage) -> tuple[Release, ...]:
        groups: dict[tuple[str, str | None, str | None], dict[str, IndexFile]] = defaultdict(dict)
        refused: dict[str, str] = {}
        digests: dict[str, str | None] = {}
        for link in page.packages:
            version = _version(link.filename)
            if version is None:
                continue
            try:
                file = _file(link, name)
                if digests.setdefault(file.filename, file.sha256) != file.sha256:
                    raise names.BadName(f"{file.filename} is listed with two hashes")
            except names.BadName as error:
                refused.setdefault(version, f"the listing is wrong about it: {error}")
                continue
            self._links[link.filename] = link
            yanked = names.one_line(link.yanked_reason or "") if link.is_yanked else None
            groups[version, names.requires_python(link.requires_python), yanked][file.filename] = file
        good = (
            Release(version=version, files=tuple(files.values()), requires_python=python, yanked=yanked)
            for (version, python, yanked), files in groups.items()
            if version not in refused
        )
        return (*good, *(Release(version=version, files=(), refused=why) for version, why in refused.items()))


def _version(filename: str) -> str | None:
    """The version that a wheel's name tells, be the name a bad one; None where it is no wheel's.

    Of a bad name only what cannot belong into a version is left out: the release that it
    most likely means is refused with it.
    """
    if not filename.endswith(".whl") or filename.count("-") not in (4, 5):
        return None
    try:
        return names.version(re.sub(r"[^A-Za-z0-9._+!]", "", filename.split("-")[1]))
    except names.BadName:
        return None


def _file(link: DistributionPackage, name: PypiName) -> IndexFile:
    names.wheel_of(link.filename, name)
    names.web_address(link.url)
    return IndexFile(
        filename=link.filename,
        sha256=link.digests.get("sha256"),
        size=link.size,
        uploaded=link.upload_time.date().isoformat() if link.upload_time else None,
    )


@contextmanager
def _as_ours(what: str) -> Iterator[None]:
    """Tell the errors of the client and the transport as ours, naming what was asked."""
    import pypi_simple
    import requests

    try:
        yield
    except pypi_simple.NoSuchProjectError:
        raise UnknownPackage(f"the package index has no package {what}") from None
    except requests.HTTPError as error:
        answer = f"{error.response.status_code} {error.response.reason}"
        raise IndexUnavailable(f"the package index answered {answer} when asked for {what}") from error
    except (requests.JSONDecodeError, pypi_simple.UnsupportedRepoVersionError) as error:
        raise _no_listing(what, error) from error
    except requests.RequestException as error:
        raise IndexUnavailable(f"the package index did not answer when asked for {what}: {error}") from error
    except (pypi_simple.DigestMismatchError, pypi_simple.NoMetadataError) as error:
        raise IndexUnavailable(f"the package index is at odds with itself about {what}: {error}") from error
    except (ValueError, RecursionError) as error:  # of the content type, of the schema, or of the nesting
        raise _no_listing(what, error) from error


def _no_listing(what: str, error: Exception) -> IndexUnavailable:
    first = names.one_line(str(error).partition("\n")[0])
    return IndexUnavailable(f"the package index answered what is no listing of {what}: {first}")
