"""Files of evidence: ``locks/<profile>/evidence/<gpu>-<driver>.json``, of two GPUs ``2x-<gpu>-<driver>.json``."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import msgspec

from solver.core.decode import decode_json
from solver.core.errors import BadInput, CheckFailed
from solver.core.exchange import one_writer
from solver.core.model import Value
from solver.core.names import brief, one_line, without_secrets
from solver.core.whole import put_whole
from solver.proof.evidence import Evidence
from solver.proof.judge import strangeness, validated
from solver.proof.subject import Subject

AGAIN = "remove it, or verify the lock again on a GPU"
"""What to do about a file that is no evidence."""


def evidence_name(evidence: Evidence) -> str:
    """File name below ``locks/<profile>/evidence``."""
    gpu = re.sub(r"[^a-z0-9]+", "-", evidence.gpu.name.lower()).strip("-")
    several = f"{evidence.gpus}x-" if evidence.gpus > 1 else ""
    return f"{several}{gpu}-{evidence.driver}.json"


def encode(value: Value) -> bytes:
    """JSON that people can read, the same bytes for the same value, without the secrets of addresses in it."""
    made = msgspec.json.format(msgspec.json.encode(value, order="deterministic"), indent=1)
    # What a program or a probe said last may name the index it asked.
    return without_secrets(made.decode()).encode() + b"\n"


def read_evidence(path: Path) -> Evidence:
    """Read and validate a file of evidence; raises ``BadInput`` naming the file and the reason."""
    if path.is_symlink():
        raise BadInput("this is no evidence: it is a link, and evidence is a file of its lock", file=path, fix=AGAIN)
    evidence = decode_json(path, Evidence, "evidence", AGAIN)
    try:
        return validated(evidence)
    except CheckFailed as error:
        raise BadInput(f"this is no evidence: {brief(one_line(str(error)))}", file=path, fix=AGAIN) from None


def nobody_asked(_: Path) -> None:
    """Every file counts."""


def evidence_of(
    subject: Subject, fault: Callable[[Path], str | None] = nobody_asked
) -> tuple[tuple[Evidence, ...], tuple[str, ...]]:
    """The evidence that lies in a lock's folder, and a sentence for each file there that is none of this lock.

    What ran with an earlier state of the lock is believed of that state. ``fault`` says why a file does not count.
    """
    good, odd = [], []
    for path in _files(subject.folder):
        try:
            evidence = read_evidence(path)
        except BadInput as error:
            odd.append(f"{path.name}: {error.problem}")
            continue
        strange = strangeness(evidence, subject) if evidence.lock == subject.digest else None
        if strange is None and (why := fault(path)) is not None:
            odd.append(f"{path.name} does not count: {why}")
        elif strange is None:
            good.append(evidence)
        else:
            odd.append(f"{path.name} is no evidence of this lock: {strange}")
    return tuple(good), tuple(odd)


def _files(folder: Path) -> list[Path]:
    return sorted((folder / "evidence").glob("*.json"))


def admit(evidence: Evidence, locks: Path) -> Path:
    """Write validated evidence to ``locks/<profile>/evidence``; raises ``CheckFailed`` where it is none."""
    folder = locks / validated(evidence).profile / "evidence"
    path = folder / evidence_name(evidence)
    locks.mkdir(parents=True, exist_ok=True)
    # A lock that is being replaced takes the evidence along that lies there when it begins.
    with one_writer(locks):
        put_whole(path, encode(evidence))
    return path
