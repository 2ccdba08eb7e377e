"""verify: locks installed, looked at and probed here or on a cluster, and what was seen kept as evidence."""

from __future__ import annotations

import dataclasses
import functools
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import msgspec

from solver.audit.assumed import assumed_target
from solver.audit.readers.prefix import read_prefix
from solver.audit.run import audit
from solver.commands.predict import foretold, with_predictions
from solver.commands.project import locks_dir, open_facts, open_matrices, own_matrices
from solver.commands.subject import as_subject, subjects_of
from solver.core.errors import BadInput
from solver.core.machine import Machine, this_machine
from solver.core.model import Finding
from solver.core.programs import find_python
from solver.core.scratch import scratch_folder
from solver.index import Index
from solver.index.web import log
from solver.lock.folder import is_lock, read_folder
from solver.lock.install.prefix import install_lock
from solver.matrix.load import Matrices, matrices_dir
from solver.proof.bundle.make import WHEELS
from solver.proof.checks import Order
from solver.proof.evidence_files import admit, read_evidence
from solver.proof.judge import strangeness
from solver.proof.signature import sign, signer_of
from solver.proof.subject import Subject
from solver.proof.verify.cluster import prove_on_cluster
from solver.proof.verify.limits import PLAIN, limit_of
from solver.proof.verify.one import Install, LockReport, Means, prove
from solver.proof.verify.prover import prover_digest
from solver.proof.verify.report import REPORT, Report, cut_off, keep_logs, prove_all, taken_over, write_report
from solver.proof.verify.under_way import UNDER_WAY, UnderWay


@dataclass(frozen=True, kw_only=True)
class Manner:
    """How locks are proved, and where what was seen goes."""

    bundle: Path | None = None
    """The joined bundle that brings the locks and every file; None: the project's locks, from the index."""
    out: Path | None = None
    """Where evidence, report and log go; None: the evidence into the project's locks."""
    keep: bool = False
    """Leave environments and logs in place."""
    timeout: float | None = None
    """Seconds that a probe may take; None: as long as it is given by itself."""
    scheduler: str | None = None
    """The address of a Dask cluster that does it; None: this machine."""
    sign: Path | None = None
    """The private key that the evidence in the project's locks is signed with; None: it is not signed."""
    tell: Callable[[str], object] = log.info
    """Is told of each step as it begins and ends."""

    @property
    def wheels(self) -> Path | None:
        """The folder that replaces every index; None: the indexes serve."""
        return self.bundle / WHEELS if self.bundle is not None else None

    @property
    def under_way(self) -> UnderWay:
        """Where the probes of the lock under way are kept."""
        return UnderWay(None if self.out is None else self.out / UNDER_WAY)

    @property
    def timeouts(self) -> dict[str, float]:
        """Seconds by probe, as ``Means`` has them."""
        return {"": self.timeout} if self.timeout else {}


@dataclass(frozen=True)
class Outcome:
    """What came of it."""

    report: Report
    evidence: tuple[Path, ...]
    """The files written into the project's locks."""
    work: Path | None
    """Where environments and logs were left; None where they were not."""


def verify(root: Path, names: Sequence[str], manner: Manner) -> Outcome:
    """Prove the locks ``names``, or all that the project in ``root`` or the bundle has, and keep what was seen.

    Raises ``BadInput`` for a manner that cannot be, and for a name that no lock has.
    """
    if manner.bundle is not None and manner.out is None:
        raise BadInput("a bundle's evidence needs a place", key="--out", fix="name a folder with --out")
    if manner.keep and manner.scheduler is not None:
        fix = "leave --keep out, or verify on the machine itself"
        raise BadInput("the workers of a cluster keep no environments", key="--keep", fix=fix)
    if manner.sign is not None and manner.out is not None:
        fix = "sign what is admitted: interlock verify --admit OUT --sign KEY"
        raise BadInput("what goes to --out is not signed", key="--sign", fix=fix)
    # What is no key is told before anything runs.
    signer = None if manner.sign is None else signer_of(manner.sign)
    subjects = subjects_of(root, names, manner.bundle)
    if manner.out is not None:
        manner.out.mkdir(parents=True, exist_ok=True)  # what is no place for results is told before anything runs
    # A bundle is laid out like a project: it brings the rows that its locks were made with.
    facts = manner.bundle or root
    evidence: tuple[Path, ...] = ()
    with _workplace(keep=manner.keep) as work:
        if manner.scheduler is not None:
            report = prove_on(manner.scheduler, facts, subjects, manner, work)
        else:
            report = prove_here(facts, subjects, manner, work)
        if manner.out is not None:
            manner.under_way.forget()  # before the report says that the run came to its end, after which it begins anew
            write_report(report, manner.out, work / "logs")
        else:
            evidence = _admit(report, locks_dir(root))
            evidence += tuple(sign(path, signer) for path in evidence if signer is not None)
    return Outcome(report, evidence, work if manner.keep else None)


def _workplace(*, keep: bool) -> AbstractContextManager[Path]:
    """A folder for environments and logs; one that is to be kept has a name that nothing of ours is cleared by."""
    return nullcontext(Path(tempfile.mkdtemp(prefix="interlock-"))) if keep else scratch_folder()


def prove_here(root: Path, subjects: Sequence[Subject], manner: Manner, work: Path) -> Report:
    """Prove locks on this machine by the rows of ``root``; ``work`` takes environments and logs."""
    means = means_here(root, work, manner.wheels, manner.timeouts, keep=manner.keep, tell=manner.tell)
    means = dataclasses.replace(means, under_way=manner.under_way)
    each, earlier = _keeping(root, manner, work)
    return with_predictions(prove_all(subjects, means, each, earlier), subjects, open_matrices(root))


def prove_on(address: str, root: Path, subjects: Sequence[Subject], manner: Manner, work: Path) -> Report:
    """Prove locks by the rows of ``root`` on the Dask cluster at ``address``, whose workers see the same folders."""
    task = functools.partial(prove_elsewhere, root.absolute(), manner.wheels, manner.timeouts)
    each, earlier = _keeping(root, manner, work)
    # Each worker's machine stands in its evidence; the report of a cluster has none.
    prover = _prover(root)
    came = taken_over(earlier, Machine(), prover, subjects, manner.tell)

    def report(*, finished: bool) -> Report:
        locks = tuple(came[subject.profile] for subject in subjects if subject.profile in came)
        return Report(machine=Machine(), prover=prover, locks=locks, finished=finished)

    def keep(lock: LockReport) -> None:
        came[lock.profile] = lock
        each(report(finished=False))

    rest = [subject for subject in subjects if subject.profile not in came]
    if rest:
        prove_on_cluster(rest, task, address=address, each=keep)
    return with_predictions(report(finished=True), subjects, open_matrices(root))


def _keeping(root: Path, manner: Manner, work: Path) -> tuple[Callable[[Report], object], Report | None]:
    """What keeps the results after every lock, so that what ends this process loses little; and those of a run cut off.

    Its logs are taken to this run's. None: there is no such run.
    """
    logs = work / "logs"
    if manner.out is None:
        return functools.partial(_admit, locks=locks_dir(root)), None
    earlier = cut_off(manner.out)
    if earlier is not None:
        keep_logs(manner.out, logs)
    return functools.partial(write_report, out=manner.out, logs=logs), earlier


def prove_elsewhere(root: Path, wheels: Path | None, timeouts: Mapping[str, float], subject: Subject) -> LockReport:
    """Prove one lock on the cluster's worker that runs this; the worker imports this function by its name."""
    with scratch_folder() as work:
        return prove(subject, means_here(root, work, wheels, timeouts))


def means_here(
    root: Path,
    work: Path,
    wheels: Path | None,
    timeouts: Mapping[str, float],
    *,
    keep: bool = False,
    tell: Callable[[str], object] = log.info,
) -> Means:
    """What this machine has to prove locks with; ``wheels`` is a folder that replaces every index."""
    machine = this_machine()
    matrices, index, _ = open_facts(root)
    return Means(
        install=_installer(wheels, machine),
        audit=lambda prefix: _audit(prefix, matrices, index, machine),
        machine=machine,
        prover=_prover(root),
        work=work,
        logs=work / "logs",
        keep=keep,
        timeouts=timeouts,
        limit=functools.partial(_limit, matrices, machine),
        tell=tell,
    )


def _prover(root: Path) -> str:
    return prover_digest((matrices_dir(), own_matrices(root)))


def _limit(matrices: Matrices, machine: Machine, subject: Subject, order: Order) -> float:
    """Seconds that a probe may take, as far as it can be foretold for this machine."""
    if not (machine.gpus and isinstance(machine.driver, str) and subject.gpu):
        return PLAIN
    return limit_of(foretold(subject, machine.gpus[0].capability, machine.driver, matrices), order)


def _installer(wheels: Path | None, machine: Machine) -> Install:
    """The project's one installer, for this machine; with ``wheels`` from that folder alone."""

    def install(lock: Path, prefix: Path) -> Path:
        carried = read_folder(lock)
        python = find_python(carried.target.python) if carried.from_pip else None
        # Without a driver that tells its version only imports are run, and nothing is called verified.
        with_driver = isinstance(machine.driver, str)
        return install_lock(lock, prefix, folder=wheels, python=python, check_driver=with_driver).python

    return install


def _audit(prefix: Path, matrices: Matrices, index: Index, machine: Machine) -> tuple[Finding, ...]:
    """The audit of an installed environment for this machine's driver and GPUs."""
    packages = read_prefix(prefix)
    target = assumed_target(packages, matrices)
    if isinstance(machine.driver, str):
        capabilities = tuple(sorted({gpu.capability for gpu in machine.gpus}))
        target = msgspec.structs.replace(target, driver=machine.driver, gpus=capabilities)
    return audit(packages, matrices, index, target)


def _admit(report: Report, locks: Path) -> tuple[Path, ...]:
    return tuple(admit(lock.evidence, locks) for lock in report.locks if lock.evidence is not None)


def admit_folder(out: Path, root: Path, key: Path | None = None) -> tuple[Path, ...]:
    """Take the evidence that a GPU machine left in ``out`` into the project's locks; returns the files written.

    With a private ``key`` what is taken is signed.

    Raises ``BadInput`` for a file that is no evidence, and where the lock is not here or has changed since.
    """
    locks, signer = locks_dir(root), None if key is None else signer_of(key)
    written = []
    files = sorted(path for path in out.glob("*.json") if path.name != REPORT)
    if not files:
        raise BadInput("holds no evidence", file=out, key="--admit", fix="name the folder that verify --out wrote")
    for path in files:
        evidence = read_evidence(path)
        folder = locks / evidence.profile
        if not is_lock(folder) or read_folder(folder).digest != evidence.lock:
            fix = "bundle and verify the lock as it is now"
            raise BadInput(f"it is of another lock than {folder}", file=path, key="lock", fix=fix)
        strange = strangeness(evidence, as_subject(read_folder(folder)))
        if strange is not None:
            raise BadInput(f"this is no evidence of {folder}: {strange}", file=path)
        written.append(admit(evidence, locks))
        if signer is not None:
            written.append(sign(written[-1], signer))
    return tuple(written)
