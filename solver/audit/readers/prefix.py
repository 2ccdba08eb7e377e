"""Reads an installed prefix: a venv or a conda environment."""

from __future__ import annotations

import json
from importlib import metadata
from pathlib import Path

from solver.audit.package_set import Package, PackageSet, conda_package
from solver.audit.prefix_files import prefix_python, site_packages
from solver.core.errors import BadInput
from solver.core.model import Platform, pypi_name

_KEYS = ("Name", "Version", "Requires-Python")


def is_prefix(folder: Path) -> bool:
    """Whether a folder is a venv or a conda environment."""
    marks = (folder / "pyvenv.cfg").is_file() or (folder / "conda-meta").is_dir()
    return marks or bool(site_packages(folder))


def read_prefix(folder: Path) -> PackageSet:
    """The distributions that are installed in ``folder``, and its conda records.

    Nothing of the prefix is executed. Raises ``BadInput`` for a folder that is
    no prefix or for a conda record that is no JSON.
    """
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


def _distributions(folder: Path) -> list[metadata.Distribution]:
    paths = [str(path) for path in site_packages(folder)]
    config = folder / "pyvenv.cfg"
    if config.is_file():
        paths += _system_packages(config)
    if not paths:
        return []
    # Not metadata.distributions: it asks every finder that anything loaded here has hooked in.
    distributions = metadata.MetadataPathFinder.find_distributions(metadata.DistributionFinder.Context(path=paths))
    # The first folder on the path is the one that python imports from.
    return list(reversed(list(distributions)))


def _system_packages(config: Path) -> list[str]:
    lines = (line.partition("=") for line in config.read_text(encoding="utf-8").splitlines())
    values = {key.strip(): value.strip() for key, _, value in lines}
    if values.get("include-system-site-packages", "false").lower() != "true" or "home" not in values:
        return []
    return [str(path) for path in site_packages(Path(values["home"]).parent)]


def _package(distribution: metadata.Distribution) -> Package | None:
    fields = distribution.metadata
    # The protocol of python 3.11 has no get.
    name, version, requires_python = (fields[key] if key in fields else None for key in _KEYS)  # noqa: SIM401
    if not name:
        return None
    return Package(
        name=pypi_name(name),
        version=version,
        # conda writes this file into what it installs; its own record of the same thing tells the build.
        origin="conda" if (distribution.read_text("INSTALLER") or "").strip() == "conda" else "pypi",
        requires=tuple(distribution.requires or ()),
        requires_python=requires_python,
    )


def _conda_records(folder: Path) -> list[Package]:
    records = []
    for path in sorted((folder / "conda-meta").glob("*.json")):
        try:
            record = json.loads(path.read_bytes())
            name, version, build = record["name"], record["version"], record["build"]
        except (ValueError, KeyError, TypeError) as error:
            raise BadInput(
                f"is no record of conda ({error})", file=path, fix="install that package anew with conda"
            ) from None
        records.append(conda_package(name, version, build, sha256=record.get("sha256")))
    return records


def _platform(folder: Path) -> Platform | None:
    if (folder / "Lib" / "site-packages").is_dir() and not (folder / "lib").is_dir():
        return "win-64"
    for site in site_packages(folder):
        for wheel in sorted(site.glob("*.dist-info/WHEEL")):
            text = wheel.read_text(encoding="utf-8")
            if "linux" in text:
                return "linux-aarch64" if "aarch64" in text else "linux-64"
    return None
