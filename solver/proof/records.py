"""Files of evidence: ``locks/<profile>/evidence/<gpu>-<driver>.json``."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec

from solver.core.errors import BadInput, CheckFailed
from solver.core.exchange import one_writer
from solver.core.model import Value
from solver.core.whole import put_whole
from solver.proof.evidence import Evidence
from solver.proof.judge import validated


def evidence_name(evidence: Evidence) -> str:
    """File name below ``locks/<profile>/evidence``."""
    gpu = re.sub(r"[^a-z0-9]+", "-", evidence.gpu.name.lower()).strip("-")
    return f"{gpu}-{evidence.driver}.json"


def encode(value: Value) -> bytes:
    """JSON that people can read, the same bytes for the same value."""
    return msgspec.json.format(msgspec.json.encode(value, order="deterministic"), indent=1) + b"\n"


def read_evidence(path: Path) -> Evidence:
    """Read and validate a file of evidence; raises ``BadInput`` naming the file and the reason."""
    try:
        evidence = msgspec.json.decode(path.read_bytes(), type=Evidence, strict=True)
        return validated(evidence)
    except (msgspec.MsgspecError, CheckFailed) as error:
        raise BadInput(
            f"this is no evidence: {error}", file=path, fix="remove it, or verify the lock again on a GPU"
        ) from None


def admit(evidence: Evidence, locks: Path) -> Path:
    """Write validated evidence to ``locks/<profile>/evidence``; raises ``CheckFailed`` where it is none."""
    folder = locks / validated(evidence).profile / "evidence"
    path = folder / evidence_name(evidence)
    locks.mkdir(parents=True, exist_ok=True)
    # A lock that is being replaced takes the evidence along that lies there when it begins.
    with one_writer(locks):
        put_whole(path, encode(evidence))
    return path


def read_all(folder: Path) -> tuple[Evidence, ...]:
    """Every evidence of one lock folder, by file name."""
    return tuple(read_evidence(path) for path in sorted((folder / "evidence").glob("*.json")))
