"""The live default index: listings by PEP 691 (or HTML), requirements by PEP 658 (or out of the wheel).

Its address is the index client's own default, or ``$INTERLOCK_INDEX_URL``;
pip's configuration is never read.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.utils import InvalidWheelFilename, parse_wheel_filename

from solver.core.errors import IndexUnavailable
from solver.core.model import IndexFile, PypiName, Release
from solver.index import UnknownPackage
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

    def __init__(
        self, url: str | None = None, cache: Path | None = None, session: requests.Session | None = None
    ) -> None:
        from pypi_simple import ACCEPT_JSON_PREFERRED, PYPI_SIMPLE_ENDPOINT, PyPISimple

        self.session = session or open_session()
        endpoint = url or os.environ.get(INDEX_URL) or PYPI_SIMPLE_ENDPOINT
        self._client = PyPISimple(endpoint, session=self.session, accept=ACCEPT_JSON_PREFERRED)
        self._cache = MetadataCache(cache or user_cache())
        self._links: dict[str, DistributionPackage] = {}
        self._releases: dict[PypiName, tuple[Release, ...]] = {}

    def releases(self, name: PypiName) -> tuple[Release, ...]:
        """Every release with a wheel, asked of the index once.

        Their ``requires`` are None: ``requires(release)`` reads them. Raises
        ``IndexUnavailable``, also where the index has no such name.
        """
        if name not in self._releases:
            self._releases[name] = self._group(self._page(name))
        return self._releases[name]

    def requires(self, release: Release) -> tuple[str, ...]:
        """The requirements that the release's first wheel declares."""
        return self.metadata(release.files[0]).requires

    def metadata(self, file: IndexFile) -> Metadata:
        """The core metadata of one wheel that ``releases`` listed; cached by its sha256."""
        kept = self._cache.get(file.sha256) if file.sha256 else None
        if kept is None:
            kept = parse_metadata(self._read(file), file.filename)
            if file.sha256:
                self._cache.put(file.sha256, kept)
        return kept

    def address(self, file: IndexFile) -> str:
        """Where a wheel that ``releases`` listed can be downloaded."""
        return self._links[file.filename].url

    def _read(self, file: IndexFile) -> bytes:
        link = self._links[file.filename]
        digests = link.metadata_digests or {}
        if link.has_metadata and "sha256" in digests:
            with _told(f"the metadata of {file.filename}"):
                return self._client.get_package_metadata_bytes(link, timeout=TIMEOUT)
        # Metadata that no listing vouches for could be anybody's; the wheel's own is read instead.
        return read_member(link.url, "*.dist-info/METADATA", self.session, size=file.size)

    def _page(self, name: PypiName) -> ProjectPage:
        with _told(name):
            return self._client.get_project_page(name, timeout=TIMEOUT)

    def _group(self, page: ProjectPage) -> tuple[Release, ...]:
        groups: dict[tuple[str, str | None, str | None], list[IndexFile]] = defaultdict(list)
        for link in page.packages:
            try:
                _, version, _, _ = parse_wheel_filename(link.filename)
            except InvalidWheelFilename:
                continue
            self._links[link.filename] = link
            yanked = (link.yanked_reason or "") if link.is_yanked else None
            groups[str(version), link.requires_python, yanked].append(_file(link))
        return tuple(
            Release(version=version, files=tuple(files), requires_python=python, yanked=yanked)
            for (version, python, yanked), files in groups.items()
        )


def _file(link: DistributionPackage) -> IndexFile:
    return IndexFile(
        filename=link.filename,
        sha256=link.digests.get("sha256"),
        size=link.size,
        uploaded=link.upload_time.date().isoformat() if link.upload_time else None,
    )


@contextmanager
def _told(what: str) -> Iterator[None]:
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
    except ValueError as error:  # of the content type, or of the schema
        raise _no_listing(what, error) from error


def _no_listing(what: str, error: Exception) -> IndexUnavailable:
    first = str(error).splitlines()[0]
    return IndexUnavailable(f"the package index answered what is no listing of {what}: {first}")
