"""What came of all the locks: the report, its table, its files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from solver.evidence import encode
from solver.model import Value
from solver.verify.gpus import Machine
from solver.verify.one import LockReport, Means, Subject, prove


class Report(Value, frozen=True, kw_only=True):
    """OUT/report.json."""

    version: int = 1
    machine: Machine
    locks: tuple[LockReport, ...]

    @property
    def exit_code(self) -> int:
        """0: every lock is verified, or could only be imported here; 1: a lock failed."""
        return int(any(lock.verdict == "failed" for lock in self.locks))

    def table(self) -> tuple[tuple[str, ...], ...]:
        """Rows for people, the header first: profile, verdict, each step and probe, why."""
        header = ("profile", "verdict", "install", "pip check", "audit", "probes", "why")
        rows: list[tuple[str, ...]] = [header]
        for lock in self.locks:
            steps: dict[str, str] = {step.name: f"{step.status} {step.seconds:.0f} s" for step in lock.steps}
            probes = ", ".join(f"{one.name} {'ok' if one.ok else one.ended}" for one in lock.probes)
            cells = (steps.get(name, "–") for name in ("install", "pip check", "audit"))
            rows.append((lock.profile, lock.verdict, *cells, probes or "–", lock.why))
        return tuple(rows)


def verify(subjects: Sequence[Subject], means: Means) -> Report:
    """Prove each lock in turn; a broken one does not stop the others."""
    return Report(machine=means.machine, locks=tuple(prove(subject, means) for subject in subjects))


def write_report(report: Report, out: Path, logs: Path | None = None) -> None:
    """Write ``report.json``, ``<profile>.json`` for each evidence, and all logs as one ``log.txt``."""
    out.mkdir(parents=True, exist_ok=True)
    for lock in report.locks:
        if lock.evidence is not None:
            _write(out / f"{lock.profile}.json", encode(lock.evidence))
    _write(out / "report.json", encode(report))
    if logs is not None:
        texts = (f"==> {log.name} <==\n".encode() + log.read_bytes() for log in sorted(logs.glob("*.log")))
        _write(out / "log.txt", b"\n".join(texts))


def _write(path: Path, content: bytes) -> None:
    part = path.with_name(path.name + ".part")
    part.write_bytes(content)
    part.replace(path)
