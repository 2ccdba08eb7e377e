"""What the readers of conda files share: file names, match specs, subdirs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from urllib.parse import unquote

from solver.audit.package_set import Package, PackageSet
from solver.core import names, target
from solver.core.model import Platform, Target, conda_name, pypi_name
from solver.index.conda_record import CondaRecord

_SPEC = re.compile(
    r"(?:(?P<channel>[^\s:\[\]]+(?:/[^\s:]+)?)::)?(?P<name>[A-Za-z0-9_][\w.\-]*)\s*(?P<rest>.*)$", re.DOTALL
)
PLATFORMS: Mapping[str, Platform] = {platform: platform for platform in target.PLATFORMS}


def from_url(url: str, line: int | None, sha256: str | None = None) -> Package | None:
    """The package of an archive's address; None where the address ends in no conda archive."""
    parts = names.url_parts(url)
    try:
        named = names.archive(unquote(parts.path.rpartition("/")[2]))
    except names.BadName:
        return None
    fragment = parts.fragment.removeprefix("sha256:")
    digest = sha256 or (fragment if re.fullmatch(r"[0-9a-f]{64}", fragment) else None)
    return of(named.name, named.version, named.build, line, digest)


def of(
    name: str, version: str | None, build: str | None, line: int | None, sha256: str | None = None, specifier: str = ""
) -> Package:
    """A conda package; raises ``ValueError`` for a name that conda would refuse."""
    conda = conda_name(name)
    return Package(
        name=pypi_name(conda),
        version=version,
        specifier=specifier,
        origin="conda",
        conda=conda,
        build=build,
        hashes=(sha256,) if sha256 else (),
        line=line,
    )


def of_records(records: Iterable[CondaRecord], target: Target, file: str) -> PackageSet:
    """The set of a closure whose packages all come from conda, as its conda-lock.yml would be read."""
    return PackageSet(
        kind="conda-lock",
        file=file,
        packages=tuple(of(record.name, record.version, record.build, None, record.sha256) for record in records),
        python=target.python,
        platform=target.platform,
        closed=True,
    )


def subdir_of(url: str) -> Platform | None:
    """The platform in the address of an archive; None for noarch and platforms that are not served."""
    folders = names.url_parts(url).path.split("/")
    return PLATFORMS.get(folders[-2]) if len(folders) > 1 else None


def from_spec(text: str, line: int | None) -> Package | None:
    """The package of a match spec (``channel::name=1.2=build``, ``name >=1``); None where it is none."""
    spec = text.split(" #")[0].strip()
    matched = _SPEC.match(spec)
    if matched is None:
        return None
    rest = re.sub(r"\[.*\]\s*$", "", matched["rest"]).strip()
    version, build = _pinned(rest)
    inside = dict(re.findall(r"(\w+)\s*=\s*['\"]?([^'\",\]]+)", spec.partition("[")[2]))
    version = version or _exact(inside.get("version", ""))
    build = build or inside.get("build")
    sha256 = inside.get("sha256")
    try:
        return of(matched["name"], version, build, line, sha256, specifier="" if version else rest)
    except ValueError:
        return None


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
