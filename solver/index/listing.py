"""What a package index lists of one package (PEP 691, PEP 503): read as a whole or refused, link by link."""

from __future__ import annotations

import re
from collections.abc import Iterator
from email.message import Message
from typing import TYPE_CHECKING

import msgspec
from packaging.utils import canonicalize_version

from solver.core import names
from solver.core.answer import NOT_KNOWN
from solver.core.errors import IndexUnavailable
from solver.core.model import IndexFile, PypiName
from solver.index.markup import readable
from solver.index.web import WebAnswer

if TYPE_CHECKING:
    from pypi_simple import DistributionPackage, ProjectPage

MOST_HTML = 16 * 1024 * 1024
"""Bytes of a listing in HTML, which takes longer to read."""
MOST_FILES = 100_000
"""Files of one listing."""
LARGEST = 1 << 50
"""Bytes of a file."""
_JSON = "application/vnd.pypi.simple.v1+json"
_HTML = ("application/vnd.pypi.simple.v1+html", "text/html")


def version_of(filename: str) -> str | None:
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


def installable_links(page: ProjectPage) -> Iterator[tuple[DistributionPackage, str]]:
    """The links of wheels, and of versions without any those of source archives, each with the version."""
    wheels: set[str] = set()
    sources: list[tuple[DistributionPackage, str]] = []
    for link in page.packages:
        if (version := version_of(link.filename)) is not None:
            wheels.add(canonicalize_version(version))
            yield link, version
        elif (version := _source_version(link.filename)) is not None:
            sources.append((link, version))
    yield from ((link, version) for link, version in sources if canonicalize_version(version) not in wheels)


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


def read_listing(answer: WebAnswer, name: PypiName, title: str) -> ProjectPage:
    """The listing of a package; raises ``IndexUnavailable`` where ``answer`` is none, or another package's."""
    page = _parsed(answer, name, title)
    try:
        if names.project(page.project) != name:
            raise names.BadName(f"it is the listing of {names.shown(page.project)}")
        if len(page.packages) > MOST_FILES:
            raise names.BadName(f"it has {len(page.packages)} files, and at most {MOST_FILES} are read")
    except names.BadName as error:
        raise _no_listing(name, error, title) from error
    return page


def _parsed(answer: WebAnswer, name: PypiName, title: str) -> ProjectPage:
    """The listing in ``answer``; raises ``IndexUnavailable`` where it is none."""
    from pypi_simple import ProjectPage

    message = Message()
    message["content-type"] = names.one_line(answer.headers.get("Content-Type", ""))
    kind = message.get_content_type()
    try:
        if kind == _JSON:
            listed = msgspec.json.decode(answer.body)
            if isinstance(listed, dict):  # words for it may be added (PEP 792), and it says nothing about a file
                listed.pop("project-status", None)
            return ProjectPage.from_json_data(listed, answer.url)
        if kind not in _HTML:
            raise ValueError(f"its content type is {names.shown(kind)}")
        if len(answer.body) > MOST_HTML:
            raise ValueError(f"its answer has more than {MOST_HTML} bytes of HTML")
        text = readable(answer.body, message.get_content_charset("utf-8"))
        return ProjectPage.from_html(name, text, answer.url)
    except Exception as error:  # what a foreign parser trips over, reading a foreign text, is no fault of ours
        raise _no_listing(name, error, title) from error


def _no_listing(what: str, error: Exception, title: str) -> IndexUnavailable:
    first = names.one_line(str(error).partition("\n")[0])[:300]
    return IndexUnavailable(f"{title} answered what is no listing of {what}: {first}")
