"""What a lock's folder says is to be installed, checked against itself before anything is done."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from solver.core.errors import BadInput
from solver.core.model import FORMAT_VERSION, Target
from solver.core.writers import explicit_line
from solver.core.yamlfile import load_yaml
from solver.index.conda_record import CondaRecord
from solver.lock.conda_section import KEY, read_conda_section

_AGAIN = "make the lock again with `interlock lock`"


@dataclass(frozen=True)
class LockToInstall:
    """One lock, read and found to agree with itself."""

    folder: Path
    profile: str
    target: Target
    records: tuple[CondaRecord, ...]
    """The conda half; empty where the lock has none."""
    requirements: Path | None
    """The pip half; None where the lock has none."""
    variables: dict[str, str]
    """What ``conda activate`` is to set."""


def read_lock(folder: Path) -> LockToInstall:
    """Read ``locks/<profile>``; raises ``BadInput`` where its files are missing or disagree."""
    path = folder / "solution.yaml"
    solution = load_yaml(path).data
    if not isinstance(solution, dict) or solution.get("version") != FORMAT_VERSION:
        raise BadInput(f"expected a solution of format version {FORMAT_VERSION}", file=path, fix=_AGAIN)
    try:
        target = msgspec.convert(solution.get("target"), Target, strict=True)
    except msgspec.ValidationError as error:
        raise BadInput(str(error), file=path, key="target", fix=_AGAIN) from None
    axes = solution.get("solution")
    if isinstance(axes, dict) and axes.get("cuda", "unsaid") is None:
        target = msgspec.structs.replace(target, driver=None)  # nothing in it asks for a GPU
    section = solution.get(KEY)
    has_packages = isinstance(section, dict) and "packages" in section
    records = read_conda_section(section, path) if has_packages else ()
    requirements = folder / "requirements.txt"
    environment = _environment(folder / "environment.yml") if records else {}
    if records:
        _same(environment.get("dependencies"), records, folder / "environment.yml")
    if records and solution.get("flavour") == "conda":
        _same_explicit(records, folder / f"{target.platform}.lock")
    variables = environment.get("variables")
    return LockToInstall(
        folder=folder,
        profile=str(solution.get("profile")),
        target=target,
        records=records,
        requirements=requirements if requirements.is_file() else None,
        variables={str(k): str(v) for k, v in variables.items()} if isinstance(variables, dict) else {},
    )


def _environment(path: Path) -> Mapping[str, Any]:
    data = load_yaml(path).data
    if not isinstance(data, dict):
        raise BadInput("expected a conda environment", file=path, fix=_AGAIN)
    return data


def _same(dependencies: object, records: Iterable[CondaRecord], path: Path) -> None:
    """environment.yml names the packages whose hashes solution.yaml holds, no more and no less."""
    named = {entry for entry in dependencies if isinstance(entry, str)} if isinstance(dependencies, list) else set()
    _equal(named, {record.pin for record in records}, path)


def _same_explicit(records: Iterable[CondaRecord], path: Path) -> None:
    if not path.is_file():
        raise BadInput("is missing", file=path, fix=_AGAIN)
    lines = path.read_text(encoding="utf-8").splitlines()
    listed = {line.strip() for line in lines if line.strip() and not line.startswith(("#", "@"))}
    _equal(listed, {explicit_line(record.url, record.sha256) for record in records}, path)


def _equal(found: set[str], held: set[str], path: Path) -> None:
    extra, missing = sorted(found - held), sorted(held - found)
    if extra or missing:
        told = f"has {extra[0]}" if extra else f"has no {missing[0]}"
        raise BadInput(f"{told}, and solution.yaml says otherwise", file=path, fix=_AGAIN)
