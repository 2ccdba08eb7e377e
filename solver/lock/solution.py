"""solution.yaml: what was chosen, why, and a digest of every fact that was used."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import yaml

from solver.core.acceptance import finding_id
from solver.core.frameworks import FRAMEWORKS
from solver.core.model import (
    FORMAT_VERSION,
    Axis,
    Because,
    Finding,
    Flavour,
    Note,
    Profile,
    PypiName,
    Severity,
    Solution,
    Target,
    Value,
    pypi_name,
)
from solver.core.writers import comment
from solver.lock.conda_section import KEY as CONDA
from solver.lock.conda_section import CondaSection
from solver.lock.variables import profile_variables

FILE = "solution.yaml"
MADE_BY = comment("Made by `interlock")
"""How the file begins, whatever command made it."""


class Warned(Value, frozen=True, kw_only=True):
    """What the audit said of a lock when it was made."""

    code: str
    packages: tuple[str, ...]
    """``name==version`` each."""
    why: str


class AcceptedText(Value, frozen=True, kw_only=True):
    """What the audit found when the lock was made, and the request accepts."""

    id: str
    code: str
    severity: Severity
    packages: tuple[str, ...]
    """``name==version`` each."""
    why: str
    reason: str


class SolutionText(Value, frozen=True, kw_only=True):
    """solution.yaml as it is read."""

    version: int
    profile: str
    flavour: Flavour
    request: str = ""
    """Digest of what the profile asked for."""
    lock: str = ""
    """Digest of the files that are installed."""
    whole: str = ""
    """Digest of everything else that stands in this file, ``lock`` included."""
    no_loader: bool = False
    """Whether it was made as if the request said ``loader: none``."""
    target: Target
    solution: dict[str, str | None] = msgspec.field(default_factory=dict)
    """Version by axis; None where the axis is absent."""
    because: tuple[Because, ...] = ()
    variables: dict[str, str]
    """What the environment sets when it is activated. Always said, since not every lock has a file for conda that would
    say it, and one that says nothing is of before there was such a key: nobody knows what it sets."""
    notes: tuple[Note, ...] = ()
    warnings: tuple[Warned, ...] = ()
    accepted: tuple[AcceptedText, ...] = ()
    rows: dict[str, str] = msgspec.field(default_factory=dict)
    """Digest of each row that had a say, by id."""
    index: dict[str, str] = msgspec.field(default_factory=dict)
    """Digest of each release that was used, by ``name==version``."""
    attested: dict[str, dict[str, str]] = msgspec.field(default_factory=dict)
    """Who published a package, by its name, where the index proved it: ``kind``, ``repository``, ``workflow`` …"""
    conda: CondaSection = CondaSection(channels=())

    @property
    def releases(self) -> tuple[tuple[PypiName, str, str], ...]:
        """Name, version and digest of each release that was used."""
        keys = ((fact.partition("=="), digest_then) for fact, digest_then in self.index.items())
        return tuple((pypi_name(name), version, digest_then) for (name, _, version), digest_then in keys)


def digest(value: object) -> str:
    """sha256 over the canonical JSON of a frozen value."""
    return hashlib.sha256(msgspec.json.encode(value, order="sorted")).hexdigest()


def request_digest(profile: Profile) -> str:
    """Digest of what a profile asks for, whatever the order in which it names its packages."""
    fields = msgspec.to_builtins(_in_any_order(profile))
    # Absent where none was named, so that locks from before there was such a key are not stale.
    if profile.driver_branch is None:
        del fields["driver_branch"]
    if not profile.attestations:
        del fields["attestations"]
    if profile.loader == "wheel":
        del fields["loader"]
    if not profile.cpu_frameworks:
        del fields["cpu_frameworks"]
    if not profile.accept:
        del fields["accept"]
    if profile.named is None:
        del fields["named"]
    if not profile.bound:
        del fields["bound"]
    return digest(fields)


def installable(name: str) -> bool:
    """Whether a file of a lock folder, by its POSIX name there, is installed or says what is."""
    return name not in (FILE, "pylock.toml") and not name.startswith("evidence/")


def installable_digest(files: Mapping[str, bytes]) -> str:
    """sha256 over the installable files of a lock, by relative name."""
    total = hashlib.sha256()
    for name in sorted(files):
        if installable(name):
            total.update(f"{name}\0{hashlib.sha256(files[name]).hexdigest()}\n".encode())
    return total.hexdigest()


def whole_digest(data: Mapping[str, Any]) -> str:
    """sha256 over all that solution.yaml says, but for this digest itself: reasons, conda's hashes and channels too."""
    return digest({key: value for key, value in data.items() if key != "whole"})


def _axes(axes: Mapping[Axis, str | None]) -> dict[str, str | None]:
    """The axes, without an absent framework that no request means unless it names it."""
    unnamed = {name for name, entry in FRAMEWORKS.items() if not entry.by_default}
    return {name: version for name, version in axes.items() if version is not None or name not in unnamed}


def solution_yaml(
    solution: Solution,
    profile: Profile,
    *,
    lock_digest: str,
    rows: Mapping[str, str],
    index_facts: Mapping[str, str],
    command: str,
    no_loader: bool = False,
    findings: Sequence[Finding] = (),
    attested: Mapping[str, Mapping[str, str]] | None = None,
    conda: CondaSection | None = None,
) -> str:
    """The file's text. ``rows`` and ``index_facts`` map what was used to its digest.

    ``no_loader``: it was made with that option, which the request does not say. ``findings`` are what the audit
    said of the lock when it was made, the accepted ones with their reason.
    """
    data: dict[str, Any] = {
        "version": FORMAT_VERSION,
        "profile": profile.name,
        "flavour": profile.flavour,
        "request": request_digest(profile),
        "lock": lock_digest,
        "whole": "",
        **({"no_loader": True} if no_loader else {}),
        "target": msgspec.to_builtins(solution.target),
        "solution": _axes(solution.axes),
        "because": [_because(item) for item in msgspec.to_builtins(solution.because)],
        "variables": profile_variables(profile),
        "notes": msgspec.to_builtins(solution.notes),
        "warnings": [_warning(finding) for finding in findings if finding.accepted is None],
        **_accepted_of(findings),
        "rows": dict(sorted(rows.items())),
        "index": dict(sorted(index_facts.items())),
    }
    if attested:
        data["attested"] = {name: dict(publisher) for name, publisher in sorted(attested.items())}
    if conda is not None:
        data[CONDA] = msgspec.to_builtins(conda)
    data["whole"] = whole_digest(data)
    text = yaml.dump(data, Dumper=_Dumper, sort_keys=False, width=118, allow_unicode=True)
    return comment(f"Made by `{command}`; do not edit.") + "\n" + text


def _in_any_order(profile: Profile) -> Profile:
    """``profile`` with its lists sorted where their order means nothing."""
    return msgspec.structs.replace(
        profile, packages=tuple(sorted(profile.packages)), conda_packages=tuple(sorted(profile.conda_packages))
    )


def _because(item: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in item.items() if value not in (None, "")}


def _warning(finding: Finding) -> dict[str, Any]:
    return {"code": finding.code, "packages": list(finding.packages), "why": finding.why}


def _accepted_of(findings: Sequence[Finding]) -> dict[str, Any]:
    """The accepted ones of ``findings`` under their key, which is left out where there are none."""
    accepted = [_accepted(finding) for finding in findings if finding.accepted is not None]
    return {"accepted": accepted} if accepted else {}


def _accepted(finding: Finding) -> dict[str, Any]:
    entry = {"id": finding_id(finding.code, finding.names), **_warning(finding)}
    return {**entry, "severity": finding.severity, "reason": finding.accepted}


class _Dumper(yaml.SafeDumper):
    """Never anchors: two equal values are two values."""

    def ignore_aliases(self, data: object) -> bool:
        return True
