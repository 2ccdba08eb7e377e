"""The footprint of a run: the packages whose files it depended on, so that a change of others leaves its record true.

A record has it as ``core``, and ``verified (core)`` is what it still proves.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from solver.core.answer import NOT_KNOWN, NotKnown
from solver.core.frameworks import FRAMEWORKS
from solver.core.model import Digest
from solver.core.versions import minor
from solver.matrix.gpu_names import is_cuda_package
from solver.matrix.libraries import LOADER
from solver.proof.evidence import Evidence, ProbeResult
from solver.proof.subject import Subject

_FRAMEWORKS = frozenset(
    str(name) for entry in FRAMEWORKS.values() for name in (*entry.distributions, entry.cpu, entry.compiler) if name
)


def footprint_of(probes: Iterable[ProbeResult], files: Mapping[str, Digest]) -> dict[str, Digest] | NotKnown:
    """By package of the footprint the digest of what the lock installs of it; NOT_KNOWN where a probe does not tell.

    ``files`` are those of the lock. A probe sees what it imported and mapped; CUDA packages count in any case, since
    a program (ptxas) or a file of data (libdevice) of theirs serves it unseen.
    """
    used: set[str] = set()
    for probe in probes:
        if isinstance(probe.used, NotKnown):
            return NOT_KNOWN
        used.update(probe.used)
    return {name: digest for name, digest in sorted(files.items()) if name in used or _always(name)}


def footprint_fault(evidence: Evidence) -> str | None:
    """Why the core that a record tells cannot be that of its run; None where it can, or none is told."""
    if isinstance(evidence.core, NotKnown):
        return None
    odd = sorted(evidence.core.keys() - evidence.packages.keys())
    if odd:
        return f"its core names {odd[0]}, which is none of its packages"
    lacking = sorted(name for name in evidence.packages if _always(name) and name not in evidence.core)
    return f"its core does not name {lacking[0]}" if lacking else None


def changes_outside(evidence: Evidence, subject: Subject) -> tuple[str, ...] | NotKnown | None:
    """What changed in a lock since a run of it, where all of that lies outside the run's core.

    None where the core itself changed, python or the variables; NOT_KNOWN where the record does not tell its core.
    """
    if isinstance(evidence.core, NotKnown) or isinstance(evidence.variables, NotKnown):
        return NOT_KNOWN
    before, now = evidence.packages, subject.packages
    if minor(before.get("python", evidence.python)) != minor(now["python"]) or evidence.variables != subject.variables:
        return None
    core = {name: digest for name, digest in subject.files.items() if name in evidence.core or _always(name)}
    if core != evidence.core or not subject.gpu:
        return None
    names = sorted({name for name, _ in before.items() ^ now.items()})
    return tuple(_change(name, before.get(name), now.get(name)) for name in names)


def _always(name: str) -> bool:
    """Whether a package belongs to the core of whatever run it was installed for."""
    return name in _FRAMEWORKS or name == LOADER or is_cuda_package(name)


def _change(name: str, before: str | None, now: str | None) -> str:
    if before is None:
        return f"{name} {now} came"
    return f"{name} {before} went" if now is None else f"{name} {before} became {now}"
