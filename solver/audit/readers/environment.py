"""Reads a conda environment.yml, its pip block included."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from solver.audit.package_set import Package, PackageSet
from solver.audit.readers import conda_names
from solver.audit.readers.requirements import once, read_lines
from solver.core.lines import Line
from solver.core.versions import specifier_or_none
from solver.core.yamlfile import YamlDocument


def read_environment(document: YamlDocument, environment: Mapping[str, str], folder: Path) -> PackageSet:
    """The conda and pip packages of an environment.yml.

    Raises ``BadInput`` naming file, line and key of what cannot be read.
    """
    conda: list[Package] = []
    pip: list[Package] = []
    entries = document.data.get("dependencies")
    if not isinstance(entries, list):
        raise document.error("expected a list", "dependencies")
    for number, entry in enumerate(entries):
        if isinstance(entry, str):
            package = conda_names.from_spec(entry, document.line("dependencies", number))
            if package is None:
                problem = f"expected a match spec such as numpy=2.2, found {entry!r}"
                raise document.error(problem, "dependencies", number)
            conda.append(package)
        elif isinstance(entry, dict) and list(entry) == ["pip"]:
            pip += _pip(document, number, entry["pip"], environment, folder)
        else:
            raise document.error("expected a match spec, or pip and its list", "dependencies", number)
    return PackageSet(
        kind="environment",
        file=document.file,
        packages=once([*conda, *pip], document.file),
        python=conda_names.python_among(conda),
        requires_python=_pythons(conda),
        closed=bool(pip) and all(package.hashes for package in pip),
        variables=_variables(document),
    )


def _pythons(conda: list[Package]) -> str | None:
    """The specifier of the pythons that the file leaves open; None where it says none, or in conda's notation alone."""
    python = next((package for package in conda if package.conda == "python" and package.version is None), None)
    return None if python is None or specifier_or_none(python.specifier) is None else python.specifier or None


def _pip(
    document: YamlDocument, number: int, block: object, environment: Mapping[str, str], folder: Path
) -> list[Package]:
    if not isinstance(block, list) or not all(isinstance(line, str) for line in block):
        raise document.error("expected a list of lines of a requirements file", "dependencies", number, "pip")
    lines = []
    for position, text in enumerate(block):
        line = document.line("dependencies", number, "pip", position) or 0
        joined = " ".join(part.strip().removesuffix("\\") for part in text.splitlines())
        lines.append(Line(joined, line))
    return read_lines(lines, document.file, environment, folder)


def _variables(document: YamlDocument) -> tuple[tuple[str, str], ...]:
    variables = document.data.get("variables") or {}
    if not isinstance(variables, dict):
        raise document.error("expected a mapping", "variables")
    return tuple((str(key), str(value)) for key, value in sorted(variables.items()))
