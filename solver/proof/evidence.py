"""Evidence: what the probes of one lock saw on one GPU. ``judge`` says whether it proves anything."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from solver.core.answer import NOT_KNOWN, NotKnown
from solver.core.machine import Gpu
from solver.core.model import Digest, Finding, ProfileName, Text, Value
from solver.proof.checks import Lack, Order

Ended = Literal["finished", "crashed", "hung", "silent"]
RunResult = Literal["verified", "failed", "wrong numbers"]


class Check(Value, frozen=True, kw_only=True):
    """One thing a probe looked at."""

    name: Text
    status: Literal["ok", "failed", "skipped"]
    figure: float | None
    """What was measured; None: nothing is."""
    tolerance: float | None
    """The bound that the figure was held to; None: it is held to none."""
    seconds: float
    detail: str
    lacks: Lack | NotKnown = NOT_KNOWN
    """Why it was skipped; NOT_KNOWN in records from before the probes told it."""
    beyond: bool | NotKnown = NOT_KNOWN
    """Whether what was measured, which may be NaN, is beyond the tolerance.

    NOT_KNOWN where nothing was held to one, and in records from before the probes told it.
    """

    @property
    def wrong(self) -> bool:
        """Whether it came to its end without an error, with numbers that are wrong."""
        if self.status != "failed" or self.tolerance is None:
            return False
        if self.beyond is not NOT_KNOWN:
            return self.beyond
        return self.figure is not None and not self.figure <= self.tolerance


class LoadedLibrary(Value, frozen=True, kw_only=True):
    """A shared library that a probe's process had mapped."""

    path: Text
    """Relative to the environment where it lies ``inside`` it."""
    inside: bool


class FrameworkSeen(Value, frozen=True, kw_only=True):
    """What a framework tells about its own build; None: it tells nothing of that."""

    version: Text
    cuda: str | None
    cudnn: str | None
    nccl: str | None
    archs: tuple[str, ...]


class GpuSeen(Value, frozen=True, kw_only=True):
    """A GPU as a framework names it; memory in bytes."""

    name: str
    capability: str
    memory: int | None
    """None: the framework does not tell."""


class ProbeOutput(Value, frozen=True, kw_only=True):
    """The file that a probe leaves."""

    version: int
    order: Order
    imports_only: bool
    python: str
    prefix: str
    running: str | None
    """The check that is under way; None: none is."""
    finished: bool
    frameworks: dict[str, FrameworkSeen]
    gpus: tuple[GpuSeen, ...]
    checks: tuple[Check, ...]
    libraries: tuple[LoadedLibrary, ...]
    loaded: dict[str, str]
    used: tuple[str, ...] | NotKnown = NOT_KNOWN


class ProbeResult(Value, frozen=True, kw_only=True):
    """How the process of one probe ended, and what it had seen by then."""

    order: Order
    ended: Ended
    """silent: it left by itself without finishing its record."""
    exit_status: int | None = None
    """None: it did not leave by itself."""
    signal: str | None = None
    """The name of the signal that ended it; None: none did."""
    running: str | None = None
    """The check that was under way when it died; None: none was."""
    seconds: float
    last_lines: tuple[str, ...] = ()
    """Only where it did not finish."""
    python: str = ""
    frameworks: dict[str, FrameworkSeen] = msgspec.field(default_factory=dict)
    gpus: tuple[GpuSeen, ...] = ()
    checks: tuple[Check, ...] = ()
    libraries: tuple[LoadedLibrary, ...] = ()
    loaded: dict[str, str] = msgspec.field(default_factory=dict)
    """Version that a loaded library tells of itself, by its name without ``.so``."""
    used: tuple[str, ...] | NotKnown = NOT_KNOWN
    """Packages of which it imported or mapped a file; NOT_KNOWN in records from before the probes told it."""

    @property
    def name(self) -> str:
        """``torch``, ``tensorflow-torch`` and so on."""
        return "-".join(self.order)

    @property
    def ok(self) -> bool:
        """Whether it finished and nothing failed."""
        return self.ended == "finished" and all(check.status != "failed" for check in self.checks)

    def problem(self) -> str:
        """One sentence on why it is not ok; empty where it is."""
        if self.ended == "hung":
            return f"{self.name}: hung in {self.running or 'an unknown place'} and was ended"
        if self.ended == "crashed":
            return f"{self.name}: {self.signal} in {self.running or 'an unknown place'}"
        if self.ended == "silent":
            return f"{self.name}: left with exit status {self.exit_status} before it had finished"
        failed = [check for check in self.checks if check.status == "failed"]
        return "; ".join(f"{self.name}: {check.name}: {check.detail}" for check in failed)

    def wrong_numbers(self) -> str:
        """The worst of all outcomes, in one sentence: that it goes on and nobody notices; empty where it did not."""
        wrong = [check.name for check in self.checks if check.wrong]
        return f"{self.name}: wrong numbers without an error: {', '.join(wrong)}" if wrong else ""


class Evidence(Value, frozen=True, kw_only=True):
    """locks/<profile>/evidence/<gpu>-<driver>.json."""

    version: Literal[1] = 1
    profile: ProfileName
    lock: Digest
    """Digest of the lock's installable files."""
    result: Literal["verified", "failed"]
    python: Text
    gpu: Gpu
    gpus: Annotated[int, msgspec.Meta(ge=1)]
    """Number of GPUs that the probes could use."""
    driver: Annotated[str, msgspec.Meta(pattern=r"^[0-9]+(\.[0-9]+)+\Z")]
    packages: dict[str, str]
    """Version by name of everything the lock installs."""
    core: dict[str, Digest] | NotKnown = NOT_KNOWN
    """Of the packages that the run depended on, by name, the digest of what the lock installs of each."""
    variables: dict[str, str] | NotKnown = NOT_KNOWN
    """Those of the lock's environment variables that the probes got; NOT_KNOWN in records that do not tell."""
    problems: tuple[str, ...] = ()
    """Why the result is ``failed``."""
    findings: tuple[Finding, ...] = ()
    """What the audit of the installed environment found."""
    steps: dict[str, float]
    """Seconds by step: install, pip check, audit, probes."""
    probes: tuple[ProbeResult, ...]

    @property
    def outcome(self) -> RunResult:
        """``result``, or the worst kind of a failure by its own name."""
        wrong = self.result == "failed" and any(probe.wrong_numbers() for probe in self.probes)
        return "wrong numbers" if wrong else self.result
