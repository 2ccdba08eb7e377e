"""Part of the pipeline: from locks to bundles, from bundles and locks to evidence.

Like ``pipeline`` it knows more than one step, calls them in order and holds no work of its own.
"""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec

from solver.audit.readers.prefix import read_prefix
from solver.audit.run import assumed_target, audit
from solver.core.errors import BadInput
from solver.core.frameworks import FRAMEWORKS
from solver.core.machine import Machine, this_machine
from solver.core.model import Finding, Target
from solver.index.pypi import PypiIndex
from solver.index.snapshot import SnapshotIndex
from solver.lock.install.prefix import install as install_lock
from solver.lock.read import LockFolder, is_lock, lock_folders, read_folder
from solver.matrix.load import Matrices, load_matrices, matrices_dir
from solver.proof.bundle.download import Progress
from solver.proof.bundle.make import LockToCarry, make_bundle
from solver.proof.bundle.manifest import Manifest
from solver.proof.bundle.split import parse_size, split
from solver.proof.bundle.tool import PYTHONS, interlock_wheel, own_requirements, tool_files
from solver.proof.bundle.wanted import locate
from solver.proof.compare import compare
from solver.proof.evidence import State, admit, all_states, read_all, read_evidence
from solver.proof.predict import Prediction, predict, predict_conda
from solver.proof.verify.bundled import subjects as bundled_subjects
from solver.proof.verify.cluster import prove_on_cluster
from solver.proof.verify.one import Install, LockReport, Means, Subject, prove
from solver.proof.verify.report import Report, verify


def subject_of(folder: Path) -> Subject:
    """A lock folder as something to prove."""
    lock = read_folder(folder)
    return Subject(
        profile=lock.name,
        folder=folder,
        digest=lock.digest,
        packages=_packages(lock),
        gpu=bool(lock.solution.solution.get("cuda")),
        variables=lock.variables,
        relaxed=tuple(sorted({note.package for note in lock.solution.notes})),
    )


def _packages(lock: LockFolder) -> dict[str, str]:
    """Version by name of what the probes and the predictions look at, python among it."""
    axes = {name: version for name, version in lock.solution.solution.items() if version is not None}
    if lock.solution.flavour == "conda":
        # conda's names differ; the probes and the predictions go by the frameworks' own.
        versions = {name: axes[name] for name in (*FRAMEWORKS, "protobuf", "numpy") if name in axes}
    else:
        versions = {str(pin.name): pin.installs for pin in lock.pins}
    return {"python": axes["python"], **versions}


# --- bundles ----------------------------------------------------------------------------------------


def bundle_locks(
    locks: Path,
    names: Sequence[str],
    directory: Path,
    *,
    split_size: str | None = None,
    python: Path | None = None,
    workers: int = 8,
    progress: Progress | None = None,
) -> tuple[Manifest, tuple[Path, ...]]:
    """Bundle the locks ``names`` below ``locks`` into ``directory``; returns its manifest and its parts.

    With ``split_size`` the whole bundle lies in ``directory``/whole and the parts in ``directory``/parts.
    """
    size = parse_size(split_size) if split_size else None
    whole = directory / "whole" if size else directory
    index = PypiIndex()
    subjects = [subject_of(locks / name) for name in names]
    carried = [_to_carry(subject, index, workers) for subject in subjects]
    tool = {minor: tool_files(index, Target(python=minor), own_requirements()) for minor in PYTHONS}
    manifest = make_bundle(
        carried,
        whole,
        tool=tool,
        interlock=interlock_wheel(matrices_dir()),
        python=python,
        workers=workers,
        progress=progress,
    )
    return manifest, split(whole, directory / "parts", size) if size else ()


def _to_carry(subject: Subject, index: PypiIndex, workers: int) -> LockToCarry:
    lock = read_folder(subject.folder)
    if lock.solution.flavour != "pip-in-conda":
        fix = "bundle a pip-in-conda profile, or install this one where its channel can be reached"
        raise BadInput("a bundle carries no conda packages yet", file=lock.path, key="flavour", fix=fix)
    target, own = lock.target, lock.wheels
    asked = [pin.name for pin in lock.pins if pin.url is None and not pin.hashes & set(own.values())]
    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(index.releases, asked))
    return LockToCarry(
        profile=subject.profile,
        folder=subject.folder,
        digest=subject.digest,
        python=target.python,
        wheels=locate(lock.pins, index, target, own),
        packages=subject.packages,
        gpu=subject.gpu,
        variables=subject.variables,
        relaxed=subject.relaxed,
    )


# --- proof ------------------------------------------------------------------------------------------


def installer(wheels: Path | None, machine: Machine) -> Install:
    """The project's one installer, for this machine; with ``wheels`` from that folder alone."""

    def install(lock: Path, prefix: Path) -> Path:
        solution = read_folder(lock).solution
        python = None if solution.flavour == "conda" else find_python(solution.target.python)
        # Without a driver only imports are run, and nothing is called verified.
        driver_there = machine.driver is not None
        return install_lock(lock, prefix, folder=wheels, python=python, check_driver=driver_there).python

    return install


def find_python(minor: str) -> Path:
    """An interpreter of ``minor`` ("3.12"): the one that runs this, or one of the path; never a venv's own.

    Raises ``BadInput`` where there is none.
    """
    if f"{sys.version_info[0]}.{sys.version_info[1]}" == minor:
        return Path(getattr(sys, "_base_executable", sys.executable))
    for folder in os.get_exec_path():
        found = shutil.which(f"python{minor}", path=folder)
        # A version manager's stand-in may be there and start nothing.
        if found is not None and _starts(found, minor):
            return Path(found)
    raise BadInput(f"there is no python {minor} on this machine", fix="install one, or carry one with --python")


def _starts(python: str, minor: str) -> bool:
    asked = [python, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
    return subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip() == minor


def audit_prefix(prefix: Path, matrices: Matrices, machine: Machine) -> tuple[Finding, ...]:
    """The audit of an installed environment for this machine's driver and GPUs."""
    found = read_prefix(prefix)
    target = assumed_target(found, matrices)
    if machine.driver is not None:
        capabilities = tuple(sorted({gpu.capability for gpu in machine.gpus}))
        target = msgspec.structs.replace(target, driver=machine.driver, gpus=capabilities)
    return audit(found, matrices, SnapshotIndex(matrices_dir() / "snapshot"), target)


def means_here(
    matrices: Matrices,
    work: Path,
    *,
    wheels: Path | None = None,
    keep: bool = False,
    timeouts: Mapping[str, float] | None = None,
) -> Means:
    """What this machine has to prove locks with; ``wheels`` is a folder that replaces every index."""
    machine = this_machine()
    return Means(
        install=installer(wheels, machine),
        audit=lambda prefix: audit_prefix(prefix, matrices, machine),
        machine=machine,
        work=work,
        logs=work / "logs",
        keep=keep,
        timeouts=timeouts or {},
    )


def with_predictions(report: Report, subjects: Sequence[Subject], matrices: Matrices) -> Report:
    """The report with what differs from the predictions, lock by lock."""
    by_name = {subject.profile: subject for subject in subjects}

    def judged(lock: LockReport) -> LockReport:
        if lock.evidence is None:
            return lock
        evidence = lock.evidence
        prediction = _predicted(by_name[lock.profile], evidence.gpu.capability, evidence.driver, matrices)
        return msgspec.structs.replace(lock, prediction=compare(prediction, evidence))

    return msgspec.structs.replace(report, locks=tuple(judged(lock) for lock in report.locks))


def verify_bundle(
    bundle: Path,
    names: Sequence[str],
    matrices: Matrices,
    *,
    work: Path,
    keep: bool = False,
    timeouts: Mapping[str, float] | None = None,
    each: Callable[[Report], None] | None = None,
) -> Report:
    """Prove the locks of a joined bundle; ``work`` keeps environments, caches and logs."""
    subjects = bundled_subjects(bundle, names)
    means = means_here(matrices, work, wheels=bundle / "wheels", keep=keep, timeouts=timeouts)
    return with_predictions(verify(subjects, means, each), subjects, matrices)


def verify_locks(
    locks: Path,
    names: Sequence[str],
    matrices: Matrices,
    *,
    work: Path,
    keep: bool = False,
    timeouts: Mapping[str, float] | None = None,
    each: Callable[[Report], None] | None = None,
) -> Report:
    """Prove locks of the project, their files taken from the index."""
    subjects = [subject_of(locks / name) for name in names]
    means = means_here(matrices, work, keep=keep, timeouts=timeouts)
    return with_predictions(verify(subjects, means, each), subjects, matrices)


def prove_elsewhere(wheels: Path | None, own: Path | None, subject: Subject) -> LockReport:
    """Prove one lock on the cluster's worker that runs this; the worker reads the same folders."""
    with tempfile.TemporaryDirectory(prefix="interlock-") as work:
        return prove(subject, means_here(load_matrices(own), Path(work), wheels=wheels))


def verify_elsewhere(
    locks: Path,
    names: Sequence[str],
    matrices: Matrices,
    address: str,
    *,
    bundle: Path | None = None,
    told: Callable[[LockReport], None] | None = None,
) -> Report:
    """Prove locks on a Dask cluster whose workers see the same folders."""
    subjects = bundled_subjects(bundle, names) if bundle else [subject_of(locks / name) for name in names]
    own = locks.parent / "matrices"
    task = functools.partial(prove_elsewhere, bundle / "wheels" if bundle else None, own if own.is_dir() else None)
    reports = prove_on_cluster(subjects, task, address=address, told=told)
    return with_predictions(Report(machine=Machine(), locks=reports), subjects, matrices)


# --- what is known ----------------------------------------------------------------------------------


def predict_locks(
    locks: Path, names: Sequence[str], matrices: Matrices, gpu: str | None = None, driver: str | None = None
) -> dict[str, Prediction]:
    """What the probes will report by profile, on this machine's GPU or on the one named."""
    machine = this_machine()
    gpu = gpu or (machine.gpus[0].capability if machine.gpus else None)
    driver = driver or machine.driver
    if gpu is None or driver is None:
        fix = "name them with --gpu 9.0 --driver 580.65.06"
        raise BadInput("this machine has no NVIDIA GPU to predict for", key="--predict", fix=fix)
    subjects = [subject_of(locks / name) for name in names]
    return {one.profile: _predicted(one, gpu, driver, matrices) for one in subjects}


def _predicted(subject: Subject, gpu: str, driver: str, matrices: Matrices) -> Prediction:
    solution = read_folder(subject.folder).solution
    target = solution.target
    if solution.flavour == "conda":
        return predict_conda(solution.solution, gpu, driver, matrices, target.platform)
    return predict(subject.packages, gpu, driver, matrices, target.platform, target.python)


def admit_folder(out: Path, locks: Path) -> tuple[Path, ...]:
    """Take the evidence that a GPU machine left in ``out`` into ``locks``; returns the files written.

    Raises ``BadInput`` for a file that is no evidence, and where the lock is not here or has changed since.
    """
    written = []
    for path in sorted(out.glob("*.json")):
        if path.name == "report.json":
            continue
        evidence = read_evidence(path)
        folder = locks / evidence.profile
        if not is_lock(folder) or read_folder(folder).digest != evidence.lock:
            fix = "bundle and verify the lock as it is now"
            raise BadInput(f"it is of another lock than {folder}", file=path, key="lock", fix=fix)
        written.append(admit(evidence, locks))
    return tuple(written)


def gpu_states(locks: Path) -> dict[str, dict[str, State]]:
    """State by profile and GPU of every lock below ``locks``."""
    found = map(read_folder, lock_folders(locks))
    return all_states({lock.name: (lock.digest, read_all(lock.path)) for lock in found})
