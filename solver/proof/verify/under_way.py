"""What the probes of the lock under way have shown so far, for the next run where this one is cut off."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from solver.core.errors import BadInput
from solver.core.machine import Machine
from solver.core.model import Value
from solver.core.reading import read_bytes
from solver.core.whole import put_whole
from solver.proof.evidence import ProbeResult
from solver.proof.evidence_files import encode
from solver.proof.subject import Subject

UNDER_WAY = "under-way.part"
"""Its name below OUT; no file of evidence is called so."""


class Shown(Value, frozen=True, kw_only=True):
    """The probes of one lock on one machine that were well."""

    version: int = 1
    machine: Machine
    prover: str
    profile: str
    lock: str
    probes: tuple[ProbeResult, ...]


@dataclass(frozen=True)
class UnderWay:
    """The one file of that; None: nothing is kept."""

    file: Path | None = None

    def shown(self, subject: Subject, machine: Machine, prover: str) -> dict[str, ProbeResult]:
        """By name the probes of this very lock that were well on this machine, in a run of this very interlock that
        did not come to its end.

        One that failed is run again: it may be that what ended the run ended it, too.
        """
        if self.file is None:
            return {}
        try:
            seen = msgspec.json.decode(read_bytes(self.file), type=Shown, strict=True)
        except (BadInput, msgspec.MsgspecError):
            return {}
        if (seen.machine, seen.prover, seen.profile, seen.lock) != (machine, prover, subject.profile, subject.digest):
            return {}
        return {probe.name: probe for probe in seen.probes if probe.ok}

    def keep(self, subject: Subject, machine: Machine, prover: str, probes: Sequence[ProbeResult]) -> None:
        """Keep what the probes of a lock have shown; that of another lock goes."""
        if self.file is not None:
            shown = Shown(
                machine=machine, prover=prover, profile=subject.profile, lock=subject.digest, probes=tuple(probes)
            )
            put_whole(self.file, encode(shown))

    def forget(self) -> None:
        """The run has come to its end."""
        if self.file is not None:
            self.file.unlink(missing_ok=True)
