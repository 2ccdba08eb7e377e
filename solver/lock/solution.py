"""solution.yaml: what was chosen, why, and a digest of every fact that was used."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import yaml

from solver.core.model import FORMAT_VERSION, Finding, Profile, Solution
from solver.core.writers import comment

FILE = "solution.yaml"


def digest(value: object) -> str:
    """sha256 over the canonical JSON of a frozen value."""
    return hashlib.sha256(msgspec.json.encode(value, order="sorted")).hexdigest()


def request_digest(profile: Profile) -> str:
    """Digest of what a profile asks for, whatever the order in which it names its packages."""
    return digest(_in_any_order(profile))


def installable_digest(files: Mapping[str, bytes]) -> str:
    """sha256 over the installable files of a lock, by relative name; solution and evidence are none."""
    total = hashlib.sha256()
    for name in sorted(files):
        if name != FILE and not name.startswith("evidence/"):
            total.update(f"{name}\0{hashlib.sha256(files[name]).hexdigest()}\n".encode())
    return total.hexdigest()


def solution_yaml(
    solution: Solution,
    profile: Profile,
    *,
    lock_digest: str,
    rows: Mapping[str, str],
    index_facts: Mapping[str, str],
    command: str,
    warnings: Sequence[Finding] = (),
    conda: Mapping[str, Any] | None = None,
) -> str:
    """The file's text. ``rows`` and ``index_facts`` map what was used to its digest.

    ``warnings`` are what the audit said of the lock when it was made: known, and no finding of it later.
    """
    data: dict[str, Any] = {
        "version": FORMAT_VERSION,
        "profile": profile.name,
        "flavour": profile.flavour,
        "request": request_digest(profile),
        "lock": lock_digest,
        "target": msgspec.to_builtins(solution.target),
        "solution": solution.axes,
        "because": [_because(item) for item in msgspec.to_builtins(solution.because)],
        "notes": msgspec.to_builtins(solution.notes),
        "warnings": [_warning(finding) for finding in warnings],
        "rows": dict(sorted(rows.items())),
        "index": dict(sorted(index_facts.items())),
    }
    if conda:
        data["conda"] = dict(conda)
    head = comment(f"Made by `{command}`; do not edit.")
    return f"{head}\n" + yaml.dump(data, Dumper=_Dumper, sort_keys=False, width=118, allow_unicode=True)


def _in_any_order(profile: Profile) -> Profile:
    """``profile`` with its lists sorted where their order means nothing."""
    return msgspec.structs.replace(
        profile, packages=tuple(sorted(profile.packages)), conda_packages=tuple(sorted(profile.conda_packages))
    )


def _because(item: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in item.items() if value not in (None, "")}


def _warning(finding: Finding) -> dict[str, Any]:
    return {"code": finding.code, "packages": list(finding.packages), "why": finding.why}


def told_warnings(folder: Path) -> frozenset[tuple[str, tuple[str, ...]]]:
    """Code and packages of the warnings that the solution.yaml in ``folder`` tells; empty where there is none."""
    path = folder / FILE
    if not path.is_file():
        return frozenset()
    data = yaml.load(path.read_bytes(), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    told = data.get("warnings") or [] if isinstance(data, dict) else []
    return frozenset((one["code"], tuple(one["packages"])) for one in told)


class _Dumper(yaml.SafeDumper):
    """Never anchors: two equal values are two values."""

    def ignore_aliases(self, data: object) -> bool:
        return True


def read_files(folder: Path, names: Iterable[str] | None = None) -> dict[str, bytes]:
    """The files of a lock folder by relative POSIX name."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    found = {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}
    return found if names is None else {name: found[name] for name in names if name in found}
