"""Prove one lock: install it, look at it, run its probes, and say what came of it."""

from __future__ import annotations

import logging
import shutil
import subprocess
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Literal, Protocol

from solver.core.errors import CheckFailed, InterlockError
from solver.core.machine import Machine
from solver.core.model import Finding, Framework, Value
from solver.proof.checks import Order, frameworks_of, on_cpu, orders
from solver.proof.evidence import Evidence, ProbeResult
from solver.proof.footprint import footprint_of
from solver.proof.judge import problems, validated
from solver.proof.subject import Subject
from solver.proof.verify.limits import PLAIN
from solver.proof.verify.pip_check import Complaint, pip_check
from solver.proof.verify.runner import run_probe
from solver.proof.verify.under_way import UnderWay

log = logging.getLogger("interlock")
LockResult = Literal["verified", "failed", "wrong numbers", "imports only"]
StepName = Literal["install", "pip check", "audit", "probes"]


class Install(Protocol):
    """The project's one installer."""

    def __call__(self, lock: Path, prefix: Path) -> Path:
        """Install the lock folder into the new ``prefix``; returns the environment's python."""
        ...


class Audit(Protocol):
    """The audit of an installed environment."""

    def __call__(self, prefix: Path) -> tuple[Finding, ...]:
        """What is broken in the environment at ``prefix``."""
        ...


class ProbeRunner(Protocol):
    """Runs one probe; ``run_probe`` unless a test says otherwise."""

    def __call__(
        self,
        python: Path,
        order: Order,
        *,
        scratch: Path,
        log: Path,
        timeout: float,
        imports_only: bool,
        variables: Mapping[str, str] | None = None,
        prefix: Path | None = None,
        cpu: Collection[Framework] = (),
        tell: Callable[[str], object] = ...,
    ) -> ProbeResult:
        """Run the probe of ``order`` with ``python`` for at most ``timeout`` seconds; ``cpu`` go without a GPU.

        ``tell`` is told now and then that it still runs.
        """
        ...


PipCheck = Callable[[Path], tuple[Complaint, ...]]
"""Complaints of ``pip check`` about the environment of a python."""


class Step(Value, frozen=True, kw_only=True):
    """One step of proving a lock."""

    name: StepName
    status: Literal["ok", "failed", "skipped"]
    seconds: float
    detail: str = ""


class LockReport(Value, frozen=True, kw_only=True):
    """What came of one lock."""

    profile: str
    lock: str
    verdict: LockResult
    why: str
    """Empty where it is verified."""
    steps: tuple[Step, ...]
    findings: tuple[Finding, ...] = ()
    probes: tuple[ProbeResult, ...] = ()
    evidence: Evidence | None = None
    """None: no GPU was really used."""
    prediction: tuple[str, ...] = ()
    """Differences between what the matrices predicted and what was seen."""


@dataclass(frozen=True, kw_only=True)
class Means:
    """What is needed to prove locks on this machine."""

    install: Install
    audit: Audit
    machine: Machine
    prover: str = ""
    """Digest of who proves (``prover_digest``); empty: it is not told apart from another."""
    work: Path
    """Scratch folder; environments lie below it."""
    logs: Path
    timeouts: Mapping[str, float] = field(default_factory=dict)
    """Seconds a probe may take, by its name (``torch``, ``tensorflow-torch`` …) or ``""`` for all."""
    keep: bool = False
    """Leave the environments in place."""
    pip_check: PipCheck | None = None
    """None: ``pip check`` is left out."""
    probe_runner: ProbeRunner = run_probe
    tell: Callable[[str], object] = log.info
    """Is told of each step and probe as it begins and ends, a line each."""

    under_way: UnderWay = field(default_factory=UnderWay)
    """Keeps what the probes of a lock have shown while it is under way."""
    limit: Callable[[Subject, Order], float] = lambda _, __: PLAIN
    """Seconds that a probe of a lock may take where ``timeouts`` says nothing of it."""

    def timeout(self, subject: Subject, order: Order) -> float:
        """Seconds that the probe of ``order`` may take."""
        stated = self.timeouts.get("-".join(order), self.timeouts.get(""))
        return self.limit(subject, order) if stated is None else stated


class _Run:
    """The steps of one lock, timed; a step that fails tells why and the next one is decided by it."""

    def __init__(self, subject: Subject, means: Means) -> None:
        self.subject, self.means = subject, means
        self.steps: list[Step] = []
        self.findings: tuple[Finding, ...] = ()
        self.probes: list[ProbeResult] = []

    def step(self, name: StepName, work: Callable[[], str]) -> bool:
        """Run a step; ``work`` returns what is wrong, or nothing."""
        start = time.monotonic()
        self.tell(f"{name} …")
        try:
            wrong = work()
        except (InterlockError, OSError, subprocess.SubprocessError) as error:
            wrong = str(error) or type(error).__name__
        seconds = round(time.monotonic() - start, 3)
        status: Literal["ok", "failed"] = "failed" if wrong else "ok"
        self.steps.append(Step(name=name, status=status, seconds=seconds, detail=wrong))
        self.tell(f"{name}: {status}, {seconds:.0f} s")
        return not wrong

    def still(self, probe: str, what: str) -> None:
        """Say of a probe that it has not come to its end."""
        self.tell(f"probe {probe} {what}")

    def tell(self, what: str) -> None:
        """Say what is done, one line."""
        self.means.tell(f"{self.subject.profile}: {what}")

    def check_pip(self, python: Path) -> str:
        complaints = (self.means.pip_check or pip_check)(python)
        return "; ".join(one.line for one in complaints if one.needs not in self.subject.relaxed)

    def check_audit(self, prefix: Path) -> str:
        self.findings = self.means.audit(prefix)
        errors = [one for one in self.findings if one.severity == "error"]
        return "; ".join(f"{one.code}: {one.why}" for one in errors)

    def run_probes(self, python: Path, prefix: Path) -> str:
        imports_only = not (self.means.machine.gpus and self.subject.gpu)
        every = orders(frameworks_of(self.subject.packages))
        shown = self.means.under_way.shown(self.subject, self.means.machine, self.means.prover)
        for number, order in enumerate(every, start=1):
            name, start = "-".join(order), time.monotonic()
            if name in shown:
                self.probes.append(shown[name])
                self.tell(f"probe {number} of {len(every)}, {name}: ok, by the run that was cut off")
                continue
            result = self.means.probe_runner(
                python, order, scratch=self.means.work / f"{self.subject.profile}-probe",
                log=self.means.logs / f"{self.subject.profile}-{name}.log",
                timeout=self.means.timeout(self.subject, order),
                imports_only=imports_only, variables=self.subject.variables, prefix=prefix,
                cpu=on_cpu(self.subject.packages), tell=partial(self.still, name),
            )  # fmt: skip
            self.probes.append(result)
            self.means.under_way.keep(self.subject, self.means.machine, self.means.prover, self.probes)
            ended = "ok" if result.ok else result.ended
            self.tell(f"probe {number} of {len(every)}, {name}: {ended}, {time.monotonic() - start:.0f} s")
        return "; ".join(one.problem() for one in self.probes if not one.ok)


def _evidence(run: _Run, wrong: list[str]) -> Evidence | None:
    machine, subject = run.means.machine, run.subject
    if not (machine.gpus and machine.driver and subject.gpu and run.probes):
        return None

    def made(result: Literal["verified", "failed"], why: tuple[str, ...]) -> Evidence:
        return Evidence(
            profile=subject.profile, lock=subject.digest, result=result,
            python=next((probe.python for probe in run.probes if probe.python), "unknown"),
            gpu=machine.gpus[0], gpus=len(machine.gpus), driver=machine.driver or "",
            packages=dict(sorted(subject.packages.items())), core=footprint_of(run.probes, subject.files),
            variables=dict(subject.variables),
            problems=why, findings=run.findings, probes=tuple(run.probes),
            steps={step.name: step.seconds for step in run.steps},
        )  # fmt: skip

    draft = made("verified", ())
    worst = [sentence for probe in run.probes if (sentence := probe.wrong_numbers())]
    why = tuple(dict.fromkeys((*worst, *wrong, *problems(draft, frameworks_of(subject.packages)))))
    try:
        return validated(made("failed", why) if why else draft)
    except CheckFailed:
        return None


def prove(subject: Subject, means: Means) -> LockReport:
    """Prove one lock; whatever is wrong with it stands in the report, nothing is raised for it."""
    run, prefix = _Run(subject, means), means.work / f"{subject.profile}-env"
    shutil.rmtree(prefix, ignore_errors=True)
    pythons: list[Path] = []

    def install() -> str:
        pythons.append(means.install(subject.folder, prefix))
        return ""

    means.logs.mkdir(parents=True, exist_ok=True)
    means.work.mkdir(parents=True, exist_ok=True)
    try:
        if run.step("install", install):
            run.step("pip check", lambda: run.check_pip(pythons[0]))
            run.step("audit", lambda: run.check_audit(prefix))
            run.step("probes", lambda: run.run_probes(pythons[0], prefix))
    finally:
        if not means.keep:
            shutil.rmtree(prefix, ignore_errors=True)
            shutil.rmtree(means.work / f"{subject.profile}-probe", ignore_errors=True)
    return _report(run)


def _report(run: _Run) -> LockReport:
    wrong = [f"{step.name}: {step.detail}" for step in run.steps if step.status == "failed"]
    evidence = _evidence(run, wrong)
    verdict: LockResult = "failed"
    if evidence is not None:
        verdict = evidence.outcome
        why = "; ".join(evidence.problems)
    elif wrong:
        why = "; ".join(wrong)
    elif run.means.machine.gpus and run.subject.gpu:
        why = "the probes left no record that a GPU was really used"
    else:
        verdict = "imports only"
        reason = "this machine has no NVIDIA GPU" if run.subject.gpu else "this is a CPU lock"
        why = f"{reason}, so only the import half of each probe ran and nothing is verified"
    return LockReport(
        profile=run.subject.profile, lock=run.subject.digest, verdict=verdict, why=why,
        steps=tuple(run.steps), findings=run.findings, probes=tuple(run.probes), evidence=evidence,
    )  # fmt: skip
