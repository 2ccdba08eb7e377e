"""What came of all the locks: the report, its table, its files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import msgspec

from solver.core.errors import BadInput
from solver.core.machine import Machine
from solver.core.model import Value
from solver.core.reading import end_of, read_bytes
from solver.core.whole import put_whole
from solver.proof.evidence_files import encode
from solver.proof.subject import Subject
from solver.proof.verify.one import LockReport, Means, prove

REPORT = "report.json"
_LOGS = "logs"
"""Folder of the ends of all logs, a file each."""


class Report(Value, frozen=True, kw_only=True):
    """OUT/report.json."""

    version: int = 1
    machine: Machine
    prover: str = ""
    """Digest of who proved (``prover_digest``); empty in reports that do not tell."""
    locks: tuple[LockReport, ...]
    finished: bool = True
    """Whether every lock that was to be proved is in it; a run that was cut off goes on with what it holds."""

    @property
    def exit_code(self) -> int:
        """0: every lock is verified, or could only be imported here; 1: a lock failed, or computes wrong numbers."""
        return int(any(lock.verdict in ("failed", "wrong numbers") for lock in self.locks))

    def table(self) -> tuple[tuple[str, ...], ...]:
        """Rows for people, the header first: profile, verdict, each step, how the probes ended."""
        header = ("profile", "verdict", "install", "pip check", "audit", "probes")
        rows: list[tuple[str, ...]] = [header]
        for lock in self.locks:
            steps: dict[str, str] = {step.name: f"{step.status} {step.seconds:.0f} s" for step in lock.steps}
            probes = ", ".join(f"{one.name} {'ok' if one.ok else one.ended}" for one in lock.probes)
            cells = (steps.get(name, "–") for name in ("install", "pip check", "audit"))
            rows.append((lock.profile, lock.verdict, *cells, probes or "–"))
        return tuple(rows)


def prove_all(
    subjects: Sequence[Subject],
    means: Means,
    each: Callable[[Report], object] | None = None,
    earlier: Report | None = None,
) -> Report:
    """Prove each lock in turn; a broken one does not stop the others.

    ``each`` is given the report so far after every lock, so that what ends this process loses little; what such an
    ``earlier`` report holds of this machine and of the very locks is taken over. None: there is none.
    """
    done = taken_over(earlier, means.machine, means.prover, subjects, means.tell)
    reports: list[LockReport] = []
    for subject in subjects:
        reports.append(done.get(subject.profile) or prove(subject, means))
        report = Report(machine=means.machine, prover=means.prover, locks=tuple(reports), finished=False)
        if each is not None:
            each(report)
    return Report(machine=means.machine, prover=means.prover, locks=tuple(reports))


def taken_over(
    earlier: Report | None,
    machine: Machine,
    prover: str,
    subjects: Sequence[Subject],
    tell: Callable[[str], object],
) -> dict[str, LockReport]:
    """By profile what a run that was cut off has proved on this machine of these very locks.

    ``tell`` is told of each.

    Nothing of a run that came to its end: who starts that again wants to see it again. And nothing of another
    interlock's (``prover``), which may look at other things and foretell others.
    """
    if earlier is None or earlier.finished or (earlier.machine, earlier.prover) != (machine, prover):
        return {}
    there = {(lock.profile, lock.lock): lock for lock in earlier.locks}
    done = {one.profile: there[one.profile, one.digest] for one in subjects if (one.profile, one.digest) in there}
    for profile, report in done.items():
        tell(f"{profile}: {report.verdict}, by the run that was cut off")
    return done


def cut_off(out: Path) -> Report | None:
    """The report of a run into ``out`` that did not come to its end; None where there is none that can be read."""
    try:
        report = msgspec.json.decode(read_bytes(out / REPORT), type=Report, strict=True)
    except (BadInput, msgspec.MsgspecError):
        return None
    return None if report.finished else report


def write_report(report: Report, out: Path, logs: Path | None = None) -> None:
    """Write ``report.json``, ``<profile>.json`` for each evidence, and the end of each log under ``logs/``."""
    out.mkdir(parents=True, exist_ok=True)
    for lock in report.locks:
        if lock.evidence is not None:
            put_whole(out / f"{lock.profile}.json", encode(lock.evidence))
    put_whole(out / REPORT, encode(report))
    for log in () if logs is None else sorted(logs.glob("*.log")):
        put_whole(out / _LOGS / log.name, end_of(log))


def keep_logs(out: Path, logs: Path) -> None:
    """Put the logs that a run into ``out`` kept into ``logs``, for the run that goes on with it to keep them too."""
    for log in sorted((out / _LOGS).glob("*.log")):
        with suppress(OSError):  # a log that cannot be read holds no verify up
            put_whole(logs / log.name, end_of(log))
