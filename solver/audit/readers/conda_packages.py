"""What the readers of conda files share: file names, match specs, subdirs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from urllib.parse import unquote

from solver.audit.package_set import Package, conda_package
from solver.core import names, target
from solver.core.model import Platform, Target
from solver.core.versions import python_minor
from solver.index.conda_spec import read_spec

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
    spec = read_spec(text.partition(" #")[0])
    if spec is None:
        return None
    specifier = "" if spec.version else spec.versions
    pattern = None if spec.exact_build else spec.build or None
    sha256 = spec.fields.get("sha256")
    return conda_package(spec.name, spec.version, spec.exact_build, line, sha256, specifier, pattern)
