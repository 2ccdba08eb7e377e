"""What the readers of conda files share: file names, match specs, subdirs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from urllib.parse import unquote

from solver.audit.package_set import Package, conda_package
from solver.core import names, target
from solver.core.model import Platform, Target
from solver.core.versions import python_minor

_SPEC = re.compile(r"(?P<name>[A-Za-z0-9_][\w.\-]*)\s*(?P<rest>.*)", re.DOTALL)
_FIELD = re.compile(r"\s*['\"]?(?P<value>[^'\",\]]+)")
PLATFORMS: Mapping[str, Platform] = {platform: platform for platform in target.PLATFORMS}


NAME_PLATFORM = "name one of these with --target platform=…"
"""What to do where a lock does not serve the platform."""


def choose_platform(served: Sequence[str], platform: Platform | None) -> str:
    """The platform to read a lock for: the one that was named, else the default one, else the first that is served."""
    default = Target().platform
    return platform or (default if default in served or not served else served[0])


def python_among(packages: Iterable[Package]) -> str | None:
    """major.minor of conda's python; None where none is among ``packages``, or only a major is said."""
    version = next((package.version for package in packages if package.conda == "python"), None)
    return None if version is None else python_minor(version)


def from_url(url: str, line: int | None, sha256: str | None = None) -> Package | None:
    """The package of an archive's address; None where the address ends in no conda archive."""
    parts = names.url_parts(url)
    try:
        named = names.archive(unquote(parts.path.rpartition("/")[2]))
    except names.BadName:
        return None
    fragment = parts.fragment.removeprefix("sha256:")
    digest = sha256 or (fragment if re.fullmatch(r"[0-9a-f]{64}", fragment) else None)
    return conda_package(named.name, named.version, named.build, line, digest)


def subdir_of(url: str) -> Platform | None:
    """The platform in the address of an archive; None for noarch and platforms that are not served."""
    folders = names.url_parts(url).path.split("/")
    return PLATFORMS.get(folders[-2]) if len(folders) > 1 else None


def from_spec(text: str, line: int | None) -> Package | None:
    """The package of a match spec (``channel::name=1.2=build``, ``name >=1``); None where it is none."""
    spec = text.partition(" #")[0].strip()
    channel, mark, behind = spec.partition("::")
    matched = _SPEC.match(behind if mark and re.fullmatch(r"[^\s:\[\]]+", channel) else spec)
    if matched is None:
        return None
    rest, _, brackets = matched["rest"].partition("[")
    rest = rest.strip()
    version, build = _pinned(rest)
    inside = _fields(brackets)
    version = version or _exact(inside.get("version", ""))
    build = build or inside.get("build")
    sha256 = inside.get("sha256")
    try:
        return conda_package(matched["name"], version, build, line, sha256, specifier="" if version else rest)
    except ValueError:
        return None


def _fields(brackets: str) -> dict[str, str]:
    """What stands in the brackets of a match spec, by key."""
    parts = (part.partition("=") for part in brackets.split(","))
    found = {key.strip(): _FIELD.match(value) for key, _, value in parts}
    return {key: value["value"] for key, value in found.items() if value is not None}


def _pinned(rest: str) -> tuple[str | None, str | None]:
    """Version and build of ``=1.2=build``, ``==1.2``, ``=1.2`` or ``1.2 build``; None where they are open."""
    exact = re.fullmatch(r"=?=?\s*([\w.!+]+)(?:(?:\s*=\s*|\s+)([\w.*]+))?", rest)
    if exact is None or not exact[1][0].isdigit():
        return None, None
    build = exact[2]
    return exact[1], build if build and "*" not in build else None


def _exact(text: str) -> str | None:
    bare = text.lstrip("=").strip()
    return bare if re.fullmatch(r"\d[\w.!+]*", bare) else None
