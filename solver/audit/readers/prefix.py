"""Reads an installed prefix: a venv or a conda environment."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from email import message_from_string
from importlib import metadata
from pathlib import Path

from packaging.tags import Tag, parse_tag

from solver.audit.package_set import Package, PackageSet, conda_package
from solver.audit.prefix_files import distribution_folders, prefix_python, site_packages
from solver.audit.readers.foreign import Foreign
from solver.core import reading
from solver.core.decode import decode_json
from solver.core.errors import BadInput
from solver.core.model import Platform, pypi_name
from solver.core.names import BadName
from solver.core.scratch import UNFINISHED
from solver.core.target import platform_of_tag

_KEYS = ("Name", "Version", "Requires-Python")
_UNFINISHED_FIX = "wait for it, or install the lock there again, which begins anew"
_CONDA_FIX = "install that package anew with conda"


def is_prefix(folder: Path) -> bool:
    """Whether a folder is a venv or a conda environment."""
    marks = (folder / "pyvenv.cfg").is_file() or (folder / "conda-meta").is_dir()
    return marks or bool(site_packages(folder))


def read_prefix(folder: Path) -> PackageSet:
    """The distributions that are installed in ``folder``, and its conda records.

    Nothing of the prefix is executed. Raises ``BadInput`` for a folder that is
    no prefix or an unfinished one, and for a conda record that is no JSON.
    """
    if (folder / UNFINISHED).is_file():
        raise BadInput("was never finished, or is being installed right now", file=folder, fix=_UNFINISHED_FIX)
    if not is_prefix(folder):
        raise BadInput(
            "is neither a venv nor a conda environment: it holds no pyvenv.cfg, conda-meta or site-packages",
            file=folder,
            fix="name the folder that holds one of them",
        )
    installed = [_package(distribution) for distribution in _distributions(folder)]
    by_name = {package.name: package for package in installed if package is not None}
    return PackageSet(
        kind="prefix",
        file=str(folder),
        packages=(*_conda_records(folder), *(by_name[name] for name in sorted(by_name))),
        python=prefix_python(folder),
        platform=_platform(folder),
        closed=True,
        prefix=str(folder),
    )


class _Distribution(metadata.Distribution):
    """One installed distribution, whose files are read up to a size and as UTF-8."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        """Its .dist-info or .egg-info; the latter may be a file."""

    def read_text(self, filename: str) -> str | None:
        """What stands in a file of its own; None where it has none of that name. Raises ``BadInput``."""
        path = self.folder / filename
        return reading.read_text(path, fix="install it anew") if path.is_file() else None

    def locate_file(self, path: str | os.PathLike[str]) -> Path:
        """Where a file lies that it recorded."""
        return self.folder.parent / path


def _distributions(folder: Path) -> Iterator[_Distribution]:
    """Those of the prefix; the last of a name is the one that python imports."""
    sites = [*site_packages(folder), *_system_packages(folder / "pyvenv.cfg")]
    # Not metadata.distributions: it asks every finder that anything loaded here has hooked in.
    for site in reversed(sites):
        for path in reversed(distribution_folders(site)):
            yield _Distribution(path)


def _system_packages(config: Path) -> tuple[Path, ...]:
    if not config.is_file():
        return ()
    lines = (line.partition("=") for line in reading.read_text(config).splitlines())
    values = {key.strip(): value.strip() for key, _, value in lines}
    if values.get("include-system-site-packages", "false").lower() != "true" or "home" not in values:
        return ()
    try:
        return site_packages(Path(values["home"]).parent)
    except (OSError, ValueError):  # no folder can have this name
        return ()


def _package(distribution: _Distribution) -> Package | None:
    fields = distribution.metadata
    # The protocol of python 3.11 has no get.
    name, version, requires_python = (fields[key] if key in fields else None for key in _KEYS)  # noqa: SIM401
    if not name:
        return None
    try:
        return Package(
            name=pypi_name(name),
            version=version,
            # conda writes this file into what it installs; its own record of the same thing tells the build.
            origin="conda" if (distribution.read_text("INSTALLER") or "").strip() == "conda" else "pypi",
            requires=tuple(distribution.requires or ()),
            requires_python=requires_python,
        )
    except BadName as error:
        raise BadInput(str(error), file=distribution.folder, fix="install it anew") from None


class _Record(Foreign, frozen=True, kw_only=True):
    """What conda notes of a package that it installed."""

    name: str
    version: str
    build: str
    sha256: str | None = None


def _conda_records(folder: Path) -> list[Package]:
    return [_conda_record(path) for path in sorted((folder / "conda-meta").glob("*.json"))]


def _conda_record(path: Path) -> Package:
    record = decode_json(path, _Record, "record of conda", _CONDA_FIX)
    try:
        return conda_package(record.name, record.version, record.build, sha256=record.sha256)
    except BadName as error:
        raise BadInput(str(error), file=path, fix=_CONDA_FIX) from None


def _platform(folder: Path) -> Platform | None:
    if (folder / "Lib" / "site-packages").is_dir() and not (folder / "lib").is_dir():
        return "win-64"
    for site in site_packages(folder):
        for wheel in sorted(site.glob("*.dist-info/WHEEL")):
            for tag in _tags(reading.read_text(wheel, fix="install it anew")):
                platform = platform_of_tag(tag.platform)
                if platform is not None:
                    return platform
    return None


def _tags(text: str) -> Iterator[Tag]:
    """The tags that the WHEEL file of an installed distribution names."""
    for written in message_from_string(text).get_all("Tag", ()):
        # What is no tag names no platform; packaging tells of some by its own kinds of ``ValueError``.
        with suppress(ValueError):
            yield from parse_tag(written.strip())
