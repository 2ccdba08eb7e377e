"""What a package index lists of one package (PEP 691, PEP 503): read as a whole or refused, link by link."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from email.message import Message
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import urljoin

import msgspec
from packaging.utils import canonicalize_version

from solver.core import names
from solver.core.answer import NOT_KNOWN
from solver.core.errors import IndexUnavailable
from solver.core.model import IndexFile, PypiName
from solver.core.variants import variant_label, variant_labels
from solver.index.markup import readable
from solver.index.web import WebAnswer

if TYPE_CHECKING:
    from pypi_simple import DistributionPackage
    from pypi_simple import Link as HtmlLink

MOST_HTML = 16 * 1024 * 1024
"""Bytes of a listing in HTML, which takes longer to read."""
MOST_FILES = 100_000
"""Files of one listing."""
LARGEST = 1 << 50
"""Bytes of a file."""
_JSON = "application/vnd.pypi.simple.v1+json"
_HTML = ("application/vnd.pypi.simple.v1+html", "text/html")
_READ = "filename", "url", "hashes", "requires-python", "core-metadata", "yanked", "size", "upload-time", "provenance"
"""Keys of a file's entry; whatever else it has says nothing here, and so cannot be wrong."""
_DIGESTS = "hashes", "core-metadata"


class _Meta(msgspec.Struct, rename="kebab"):
    api_version: str


class _Listed(msgspec.Struct):
    """A listing in JSON; whatever else it says of a package (PEP 708, PEP 792) is no word about a file."""

    name: str
    meta: _Meta
    files: list[Any]


WRONG = "the listing is wrong about it"


@dataclass(frozen=True)
class BrokenLink:
    """An entry of a listing of which only the name is of use: it cannot be read, or pip does not take such a file."""

    filename: str
    problem: str
    """Why its release is refused, in one line."""


Link: TypeAlias = "DistributionPackage | BrokenLink"


def version_of(filename: str) -> str | None:
    """The version that a wheel's name tells, be the name a bad one; None where it is no wheel's.

    Of a bad name only what cannot belong into a version is left out: the release that it
    most likely means is refused with it.
    """
    if not filename.endswith(".whl") or filename.count("-") not in (4, 5, 6):
        return None
    try:
        return names.version(re.sub(r"[^A-Za-z0-9._+!]", "", filename.split("-")[1]))
    except names.BadName:
        return None


def installable_links(links: Iterable[Link]) -> Iterator[tuple[Link, str]]:
    """The links of wheels, and of versions without any those of source archives, each with the version.

    Wheels of variants, which pip does not take, are passed over; a version that has nothing else cannot be read.
    """
    wheels: set[str] = set()
    sources: list[tuple[Link, str]] = []
    variants: dict[str, list[str]] = defaultdict(list)
    for link in links:
        version = version_of(link.filename)
        if version is not None and variant_label(link.filename) is not None:
            variants[version].append(link.filename)
        elif version is not None:
            wheels.add(canonicalize_version(version))
            yield link, version
        elif (version := _source_version(link.filename)) is not None:
            sources.append((link, version))
    built = [(link, version) for link, version in sources if canonicalize_version(version) not in wheels]
    yield from built
    there = wheels | {canonicalize_version(version) for _, version in built}
    yield from (_of_variants(*each) for each in variants.items() if canonicalize_version(each[0]) not in there)


def _of_variants(version: str, filenames: Sequence[str]) -> tuple[BrokenLink, str]:
    labels = ", ".join(variant_labels(filenames))
    problem = f"it has nothing but wheels of variants ({labels}), which pip does not take"
    return BrokenLink(filenames[0], names.brief(problem)), version


def _source_version(filename: str) -> str | None:
    """The version that a source archive's name tells; None where it is no such name, as of many an old one."""
    try:
        return names.distribution(filename).version if names.is_source(filename) else None
    except names.BadName:
        return None


def file_of(link: DistributionPackage, name: PypiName, *, addressed: bool) -> IndexFile:
    """The file of a link; ``addressed``: with its address. Raises ``names.BadName`` where a part of it is none."""
    names.distribution_of(link.filename, name)
    if link.size is not None and not 0 <= link.size <= LARGEST:
        raise names.BadName(f"{link.filename} has {link.size} bytes")
    return IndexFile(
        filename=link.filename,
        sha256=link.digests.get("sha256", NOT_KNOWN),
        size=NOT_KNOWN if link.size is None else link.size,
        uploaded=link.upload_time.date().isoformat() if link.upload_time else NOT_KNOWN,
        url=names.public_address(link.url) if addressed else None,
    )


def read_listing(answer: WebAnswer, name: PypiName, title: str) -> list[Link]:
    """What is listed of a package; raises ``IndexUnavailable`` where ``answer`` is no listing, or another package's.

    An entry that cannot be read costs its own release, and one without a name nothing.
    """
    try:
        page = _parsed(answer, name)
        if names.project(page.project) != name:
            raise names.BadName(f"it is the listing of {names.shown(page.project)}")
        if len(page.entries) > MOST_FILES:
            raise names.BadName(f"it has {len(page.entries)} files, and at most {MOST_FILES} are read")
    except Exception as error:  # what a foreign parser trips over, reading a foreign text, is no fault of ours
        first = names.one_line(str(error).partition("\n")[0])[:300]
        raise IndexUnavailable(f"{title} answered what is no listing of {name}: {first}") from error
    return [link for entry in page.entries for link in _link(page, *entry)]


@dataclass(frozen=True)
class _Page:
    """A listing whose entries nobody has read yet."""

    project: str
    entries: list[tuple[object, object]]
    """Each with what names its file."""
    read: Callable[[Any], DistributionPackage]
    """Reads one; raises anything where it cannot be read."""


def _link(page: _Page, filename: object, entry: object) -> Iterator[Link]:
    try:
        yield page.read(entry)
    except Exception as error:
        if isinstance(filename, str):
            yield BrokenLink(filename, f"{WRONG}: {names.shown(filename)}: {_first_problem(error)}")


def _first_problem(error: Exception) -> str:
    """What is wrong with an entry, in one line; pydantic, which reads those in JSON, says it in several."""
    errors = error.errors() if hasattr(error, "errors") else []
    said = next((f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in errors), str(error))
    return names.brief(names.one_line(said))


def _parsed(answer: WebAnswer, name: PypiName) -> _Page:
    """The listing in ``answer``; raises anything where it is none."""
    message = Message()
    message["content-type"] = names.one_line(answer.headers.get("Content-Type", ""))
    kind = message.get_content_type()
    if kind == _JSON:
        return _of_json(msgspec.json.decode(answer.body, type=_Listed), answer.url)
    if kind not in _HTML:
        raise ValueError(f"its content type is {names.shown(kind)}")
    if len(answer.body) > MOST_HTML:
        raise ValueError(f"its answer has more than {MOST_HTML} bytes of HTML")
    return _of_html(readable(answer.body, message.get_content_charset("utf-8")), name, answer.url)


def _of_json(listed: _Listed, url: str) -> _Page:
    from pypi_simple import DistributionPackage, ProjectPage

    head = {"name": listed.name, "meta": {"api-version": listed.meta.api_version}, "files": []}
    project = ProjectPage.from_json_data(head, url).project  # refuses a version that it does not know
    entries: list[tuple[object, object]] = [
        (entry.get("filename") if isinstance(entry, dict) else None, entry) for entry in listed.files
    ]
    return _Page(project, entries, lambda entry: DistributionPackage.from_json_data(_of_use(entry), project, url))


def _of_use(entry: dict[str, Any]) -> dict[str, Any]:
    """An entry without what nobody reads of it."""
    used = {key: entry[key] for key in _READ if key in entry}
    for key in _DIGESTS:
        if isinstance(used.get(key), dict):
            used[key] = {kind: digest for kind, digest in used[key].items() if kind == "sha256"}
    return used


def _of_html(text: str, name: PypiName, url: str) -> _Page:
    from pypi_simple import DistributionPackage, RepositoryPage

    try:
        links = RepositoryPage.from_html(text, url).links
    except ValueError:  # one link of them leads nowhere, unless it is the base of all
        links = RepositoryPage.from_html(text).links

    def read(link: HtmlLink) -> DistributionPackage:
        return DistributionPackage.from_link(replace(link, url=urljoin(url, link.url)), name)

    return _Page(name, [(link.text, link) for link in links], read)
