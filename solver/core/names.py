"""What a text from outside must be before it may name a file, a hash, a package or an address.

One function each. It returns the text as the rest of the project uses it, or raises
``BadName``; every door of the project passes through here, so that what lies behind
the doors can neither leave a folder nor end a line.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import SplitResult, unquote, urlsplit

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name, canonicalize_version
from packaging.version import InvalidVersion, Version

NameCheck = Callable[[object], str]
"""A function of this module that takes a text or raises ``BadName``."""
SHA256 = r"[0-9a-f]{64}"
MD5 = r"[0-9a-f]{32}"
PROFILE = r"[a-z0-9][a-z0-9._\-]{0,99}"
"""A profile's name, which is a folder's name too."""
INDEX = r"[a-z][a-z0-9\-]{0,39}"
"""The name of a package index."""
LONGEST = 200
"""Letters of a package's name; file systems take 255 bytes for a file that is named after it."""
_LONGEST_FILE = 250
_LONGEST_CHANNEL = 1000
_LONGEST_ADDRESS = 8000
"""Letters; servers take 8,000 bytes of one and more (RFC 9112, 3)."""
_LONGEST_VERSION = 200
"""Letters; Python refuses to read a number of more than 4300 digits."""

_FILE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._+!~\-]*")
_PROJECT = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._\-]*[A-Za-z0-9])?")
# PEP 427: six parts, or five where there is no build tag.
_WHEEL = re.compile(
    r"(?P<project>[A-Za-z0-9](?:[A-Za-z0-9._]*[A-Za-z0-9])?)-(?P<version>[A-Za-z0-9._+!]+)"
    r"(?:-[0-9][A-Za-z0-9._]*)?(?:-[A-Za-z0-9._]+){3}(?:-[0-9a-z_.]{1,16})?\.whl"
)
# Older ones are named as their authors liked: a project may have hyphens (antlr4-python3-runtime-4.9.3.tar.gz).
_SOURCE = re.compile(
    r"(?P<project>[A-Za-z0-9](?:[A-Za-z0-9._\-]*[A-Za-z0-9])?)-(?P<version>[A-Za-z0-9._+!]+)\.(?:tar\.gz|zip)"
)
_ARCHIVE = re.compile(
    r"(?P<name>[A-Za-z0-9_][A-Za-z0-9._\-]*)-(?P<version>[A-Za-z0-9._+!~]+)-(?P<build>[A-Za-z0-9._+!~]+)"
    r"(?:\.conda|\.tar\.bz2)"
)
_ANY_VERSION = re.compile(r"[A-Za-z0-9*][A-Za-z0-9._+!~*\-]*")
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*://[!$%&()*+,./0-9:;=?@A-Z\[\]_a-z~\-]+")
_CHANNEL = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._\-]*(?:/[A-Za-z0-9_][A-Za-z0-9._\-]*)*")
# What py-rattler reads channels by.
_CHANNEL_SCHEME = re.compile(r"(?:https?|file|s3|gcs|oci)://")
_SUBDIR = re.compile(r"[a-z0-9]+(?:-[a-z0-9_]+)?")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_USER = re.compile(r"(?<=://)[^/\s'\"]+@")
_QUERY = re.compile(r"(://[^\s'\"`?]+)\?[^\s'\"`#;)\]>]+")
_TOKEN = re.compile(r"(://[^/\s'\"]+)/t/[^/\s'\"]+")
# Also what turns the direction of writing around (Unicode UAX 9): a line would read otherwise than it is.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")


class BadName(ValueError):
    """A text that names nothing; the message is a sentence that quotes it."""

    line: int | None = None
    """1-based, where it was read from a file; None: nobody knows the place."""


class Wheel(NamedTuple):
    """What the file name of a wheel (PEP 427) says, or that of a source archive (PEP 625)."""

    project: str
    """Normalized as PEP 503 says."""
    version: str
    """Normalized as PEP 440 says."""


class Archive(NamedTuple):
    """What a conda archive's file name says."""

    name: str
    version: str
    build: str


def shown(text: object) -> str:
    """``text`` quoted on one line and cut where it is long: for sentences about what somebody else wrote."""
    quoted = ascii(text) if isinstance(text, str) else repr(text)
    return quoted if len(quoted) <= 120 else f"{quoted[:110]} …"


def brief(text: str) -> str:
    """``text`` cut where it is long: for sentences that take over what somebody else wrote without quotes."""
    return text if len(text) <= 200 else f"{text[:190]} …"


def printable(text: str) -> str:
    """``text`` with each control character, and each end of a line, as Python writes it in quotes."""
    return _CONTROL.sub(lambda match: ascii(match[0])[1:-1], text)


def one_line(text: str) -> str:
    """``text`` as it can be shown: on one line and without control characters."""
    return " ".join(_CONTROL.sub(" ", text).split())


def is_one_line(text: str) -> bool:
    """Whether nothing in ``text`` ends a line or steers a terminal."""
    return _CONTROL.search(text) is None


def sha256(text: object) -> str:
    """``text`` if it is 64 lower-case hex digits."""
    if not isinstance(text, str) or not re.fullmatch(SHA256, text):
        raise BadName(f"{shown(text)} is no sha256 of 64 lower-case hex digits")
    return text


def md5(text: object) -> str:
    """``text`` if it is 32 lower-case hex digits."""
    if not isinstance(text, str) or not re.fullmatch(MD5, text):
        raise BadName(f"{shown(text)} is no md5 of 32 lower-case hex digits")
    return text


def file_name(text: object) -> str:
    """``text`` if it is the plain name of a file: no folder, no way up, no blank, nothing that ends a line."""
    if not isinstance(text, str) or not is_file_name(text):
        raise BadName(f"{shown(text)} is no plain file name")
    return text


def is_file_name(text: str) -> bool:
    """Whether ``file_name`` takes ``text``."""
    return _FILE.fullmatch(text) is not None and len(text) <= _LONGEST_FILE


def is_project(text: str) -> bool:
    """Whether ``project`` takes ``text``."""
    return _PROJECT.fullmatch(text) is not None and len(text) <= LONGEST


def project(text: object) -> str:
    """``text`` as PEP 503 normalizes it, if it is the name of a project on the package index."""
    if not isinstance(text, str) or not is_project(text):
        raise BadName(f"{shown(text)} is no name of a package")
    return canonicalize_name(text)


@lru_cache(maxsize=65536)
def version(text: str) -> str:
    """``text`` as PEP 440 normalizes it."""
    if not isinstance(text, str) or len(text) > _LONGEST_VERSION:
        raise BadName(f"{shown(text)} is no version")
    try:
        return str(Version(text))
    except InvalidVersion:
        raise BadName(f"{shown(text)} is no version") from None


def any_version(text: object) -> str:
    """``text`` if it could be a version of some ecosystem: short, on one line, without blanks and quotes."""
    if not isinstance(text, str) or len(text) > _LONGEST_VERSION or not _ANY_VERSION.fullmatch(text):
        raise BadName(f"{shown(text)} is no version")
    return text


def build(text: str) -> str:
    """``text`` if it could be the build of a conda package, or a pattern of builds: short, and on one line."""
    if len(text) > _LONGEST_VERSION or not is_one_line(text):
        raise BadName(f"{shown(text)} is no build")
    return text


def same_version(one: str, other: str) -> bool:
    """Whether PEP 440 takes both for the same version: 1.0 and 1.0.0 are."""
    return one == other or canonicalize_version(version(one)) == canonicalize_version(version(other))


@lru_cache(maxsize=65536)
def wheel(filename: str) -> Wheel:
    """Project and version that the name of a wheel says."""
    match = _WHEEL.fullmatch(file_name(filename))
    if match is None:
        raise BadName(f"{shown(filename)} is no name of a wheel")
    return Wheel(project(match["project"]), version(match["version"]))


def wheel_of(filename: str, name: str, of_version: str | None = None) -> Wheel:
    """The wheel's name read, if it is one of the project ``name`` (normalized) and, where given, of that version."""
    return _of(wheel(filename), "a wheel", filename, name, of_version)


def distribution_of(filename: str, name: str, of_version: str | None = None) -> Wheel:
    """As ``wheel_of``, of a wheel or of a source archive."""
    kind = "a source archive" if is_source(filename) else "a wheel"
    return _of(distribution(filename), kind, filename, name, of_version)


def _of(parsed: Wheel, kind: str, filename: str, name: str, of_version: str | None) -> Wheel:
    if parsed.project != name:
        raise BadName(f"{filename} is {kind} of {parsed.project}, not of {name}")
    if of_version is not None and not same_version(parsed.version, of_version):
        raise BadName(f"{filename} is {kind} of version {parsed.version}, not of {of_version}")
    return parsed


def is_source(filename: str) -> bool:
    """Whether a file of a package index is named as a source archive, which has to be built, and not as a wheel."""
    return _SOURCE.fullmatch(filename) is not None


@lru_cache(maxsize=65536)
def distribution(filename: str) -> Wheel:
    """Project and version that the name of a wheel or of a source archive says."""
    match = _SOURCE.fullmatch(file_name(filename))
    return wheel(filename) if match is None else Wheel(project(match["project"]), version(match["version"]))


@lru_cache(maxsize=65536)
def archive(filename: str) -> Archive:
    """Name, version and build that the name of a conda archive says: ``numpy-2.1.0-py312_0.conda``."""
    match = _ARCHIVE.fullmatch(file_name(filename))
    if match is None:
        raise BadName(f"{shown(filename)} is no name of a conda archive")
    return Archive(match["name"].lower(), match["version"], match["build"])


def address(text: object) -> str:
    """``text`` if it is an address (a URL without a fragment) that no line, quote or shell can be broken with."""
    is_one = isinstance(text, str) and len(text) <= _LONGEST_ADDRESS and _ADDRESS.fullmatch(text) is not None
    if not isinstance(text, str) or not is_one or not _has_parts(text):
        raise BadName(f"{_shown_address(text)} is no address")
    return text


def _has_parts(text: str) -> bool:
    try:
        return urlsplit(text).port is not False
    except ValueError:  # of brackets that are no IPv6 address, or of a port that is no number
        return False


def _shown_address(text: object) -> str:
    """As ``shown``, with dots for what may be a secret of an address, be it a broken one."""
    if not isinstance(text, str):
        return without_secrets(shown(text))
    start, scheme, rest = text.partition("://") if "://" in text else ("", "", text)
    host = f"...@{rest.rpartition('@')[2]}" if "@" in rest else rest
    return shown(_TOKEN.sub(r"\1/t/...", re.sub("(?s)([?#]).+", r"\1...", f"{start}{scheme}{host}")))


def channel(text: object) -> str:
    """``text`` if it names a conda channel: words between slashes, an address of a server or a folder, or a path.

    One that goes up is none: where it leads depends on where somebody stands.
    """
    if not isinstance(text, str) or not is_one_line(text) or len(text) > _LONGEST_CHANNEL:
        raise BadName(f"{_shown_address(text)} is no channel")
    if ".." in text.partition("?")[0].split("/"):
        raise BadName(f"{_shown_address(text)} is no channel: it leads upwards")
    if "://" in text:
        if not _CHANNEL_SCHEME.match(address(text)):
            raise BadName(f"{_shown_address(text)} is no channel: conda reads none of such an address")
        return text
    if _CHANNEL.fullmatch(text) or text.startswith(("/", "./", "~")):
        return text
    raise BadName(f"{_shown_address(text)} is no channel")


def is_plain_channel(text: str) -> bool:
    """Whether ``text`` is a channel's name, which may steer a path: no address, no folder, no way up."""
    return _CHANNEL.fullmatch(text) is not None


def subdir(text: object) -> str:
    """``text`` if it is the folder of a platform in a channel: linux-64, noarch …"""
    if not isinstance(text, str) or not _SUBDIR.fullmatch(text):
        raise BadName(f"{shown(text)} is no platform of a channel")
    return text


def variable(text: object) -> str:
    """``text`` if a shell, a Dockerfile and conda all take it for the name of an environment variable."""
    if not isinstance(text, str) or not _VARIABLE.fullmatch(text):
        raise BadName(f"{shown(text)} is no name of an environment variable")
    return text


def requires_python(text: str | None) -> str | None:
    """``text`` if it is a specifier over pythons; None for anything else, which installers pass over too."""
    if text is None or not is_one_line(text) or len(text) > _LONGEST_VERSION:
        return None
    try:
        SpecifierSet(text)
    except (InvalidSpecifier, ValueError):
        return None
    return text


def url_parts(text: str) -> SplitResult:
    """The parts of an address of any kind, a relative one too; raises ``BadName`` where it has none."""
    try:
        return urlsplit(text)
    except ValueError:
        raise BadName(f"{_shown_address(text)} is no address") from None


def public_address(text: str) -> str:
    """``text``, an address, as it may be written down and shown.

    User, password, conda's ``/t/<token>``, query and fragment are left out: any of them may be a secret.
    """
    try:
        parts = urlsplit(text)
    except ValueError:
        return "an address that cannot be read"
    path = parts.path.split("/")
    if len(path) > 2 and path[:2] == ["", "t"]:
        path = ["", *path[3:]]
    host = parts.netloc.rpartition("@")[2]
    return parts._replace(netloc=host, path="/".join(path), query="", fragment="").geturl()


def has_credentials(text: str) -> bool:
    """Whether ``text`` has an address with a user or conda's token; that of ssh has a user, and no secret."""
    users = (text[: match.start()] for match in _USER.finditer(text))
    return _TOKEN.search(text) is not None or any(not start.endswith("ssh://") for start in users)


def without_secrets(text: str) -> str:
    """``text`` with the users, passwords, queries and conda tokens of the addresses in it left out."""
    return _QUERY.sub(r"\1?...", _TOKEN.sub(r"\1", _USER.sub("", text)))


def wheel_of_address(text: str, name: str) -> str:
    """The file name at the end of the address ``text``, if it is a wheel's of the project ``name``."""
    filename = unquote(url_parts(address(text)).path.rpartition("/")[2])
    wheel_of(filename, name)
    return filename


def web_address(text: object) -> str:
    """``text`` if it is an address of the web: where an index may send somebody for a file."""
    url = address(text)
    if not url.lower().startswith(("https://", "http://")):
        raise BadName(f"{_shown_address(text)} is no address of the web")
    return url
