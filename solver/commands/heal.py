"""heal: our loader put into an environment whose frameworks break each other without it, and taken out again."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from solver.audit.readers.prefix import read_prefix
from solver.audit.run import context_of
from solver.commands.project import open_facts
from solver.core.answer import NOT_KNOWN, Answer, NotKnown
from solver.core.errors import BadInput, CheckFailed
from solver.core.frameworks import FRAMEWORKS
from solver.core.model import Platform
from solver.core.reading import read_text
from solver.core.scratch import scratch_folder
from solver.core.whole import put_whole
from solver.lock.install.pip import install_wheel, uninstall, uv_for_wheels
from solver.lock.install.prefix import interpreter_of
from solver.lock.loader.local import loader_beside
from solver.lock.requirements import LocalWheel
from solver.matrix.cures import healable, heals, in_need, is_led
from solver.matrix.libraries import LOADER
from solver.matrix.load import Matrices
from solver.matrix.rules import Breach
from solver.proof.checks import frameworks_of, orders
from solver.proof.evidence import ProbeResult
from solver.proof.verify.runner import run_probe

_BEFORE = Path("share", "interlock", "healed.json")
"""What of ours was in the environment before, below its prefix."""
_LOADED = "libraries"
"""The check of CUDA libraries from outside the environment, or of two majors: the loader changes neither."""
_SECONDS = 900.0
"""For one import probe; a first import on a cold disk takes minutes."""


@dataclass(frozen=True)
class Healed:
    """What was done to an environment."""

    breaches: tuple[Breach, ...]
    """What the loader heals in it."""
    loader: str | None
    """The version of the loader that is in it now; None: none is."""
    probes: tuple[str, ...] = ()
    """The import probes that ran well, by the order of their imports."""
    doubts: tuple[str, ...] = ()
    """The packages in it of which nobody read whether they work with the loader."""


def heal(root: Path, prefix: Path) -> Healed:
    """Put the healing loader into the environment at ``prefix`` and try every order of imports.

    What does not work with it is left as it was before. Nothing is done where there is nothing to heal. Raises
    ``BadInput`` for what is no environment, ``CheckFailed`` where an import fails with the loader.
    """
    environment = _Environment.read(root, prefix)
    if not environment.breaches or heals(environment.versions) is Answer.YES:
        return Healed(environment.breaches, environment.loader, doubts=environment.doubts)
    if is_led(environment.versions) is Answer.YES:
        problem = f"the cure would take the place of its {LOADER}, which is scripts of the activation alone"
        raise BadInput(problem, file=prefix, fix="drop loader: from the profile and lock it again")
    wheel = environment.wheel(symbols=True)
    uv_for_wheels()  # where there is none, say so before anything is written
    put_whole(_noted(prefix), json.dumps({"version": 1, "before": environment.loader}))
    try:
        _install(environment.python, wheel)
    except BaseException:
        _noted(prefix).unlink(missing_ok=True)
        raise
    try:
        probes = _try_imports(environment)
    except BaseException:
        _put_back(environment, environment.loader)
        raise
    return Healed(environment.breaches, wheel.version, probes, environment.doubts)


def undo(root: Path, prefix: Path) -> Healed:
    """Take the healing loader out again; one that merely finds libraries, and was there before, is put back."""
    environment = _Environment.read(root, prefix)
    if heals(environment.versions) is not Answer.YES or not _noted(prefix).is_file():
        raise BadInput("`interlock heal` put nothing into it", file=prefix)
    before = _loader_before(_noted(prefix))
    _put_back(environment, before)
    return Healed(environment.breaches, before)


def _loader_before(file: Path) -> str | None:
    """The version of the loader that was there before; raises ``BadInput`` where the note was changed."""
    try:
        before = json.loads(read_text(file))["before"]
    except (ValueError, KeyError, TypeError):
        before = NOT_KNOWN
    if before is not None and not isinstance(before, str):
        raise BadInput("does not say which loader was there before", file=file, fix="make the environment anew")
    return before


@dataclass(frozen=True)
class _Environment:
    """An installed environment as it is judged here."""

    prefix: Path
    python: Path
    matrices: Matrices
    platform: Platform
    versions: Mapping[str, str | NotKnown]
    breaches: tuple[Breach, ...]

    @classmethod
    def read(cls, root: Path, prefix: Path) -> _Environment:
        matrices, index, _ = open_facts(root)
        context = context_of(read_prefix(prefix), matrices, index)
        breaches = tuple(healable(matrices.rules, matrices, context.stated, context.place))
        python = interpreter_of(prefix.absolute())
        return cls(prefix, python, matrices, context.place.platform, context.stated, breaches)

    @property
    def loader(self) -> str | None:
        """The version of the loader in it; None: it has none."""
        version = self.versions.get(LOADER)
        return version if isinstance(version, str) else None

    @property
    def doubts(self) -> tuple[str, ...]:
        """The packages of which nobody read whether they work with the loader."""
        return in_need(self.matrices, self.versions, Answer.NOT_KNOWN)

    def wheel(self, *, symbols: bool) -> LocalWheel:
        """The loader for it; one that is needed for its libraries where ``symbols`` are not to be kept."""
        known = {name: version for name, version in self.versions.items() if isinstance(version, str)}
        wheel = loader_beside(self.matrices, known, self.platform, healing=symbols)
        if not isinstance(wheel, LocalWheel):
            raise BadInput("no loader can be made for its TensorFlow, of which no row tells", file=self.prefix)
        return wheel


def _noted(prefix: Path) -> Path:
    return prefix / _BEFORE


def _install(python: Path, wheel: LocalWheel) -> None:
    with scratch_folder() as folder:
        file = Path(folder, wheel.filename)
        file.write_bytes(wheel.content)
        install_wheel(file, python)


def _put_back(environment: _Environment, before: str | None) -> None:
    if before is None:
        uninstall(LOADER, environment.python)
    else:
        _install(environment.python, environment.wheel(symbols=False))
    _noted(environment.prefix).unlink(missing_ok=True)


def _try_imports(environment: _Environment) -> tuple[str, ...]:
    """The orders in which the frameworks were imported and work; raises ``CheckFailed`` at the first that does not."""
    every = orders(frameworks_of(dict.fromkeys(environment.versions, "")))
    for order in every:
        with scratch_folder() as folder:
            scratch, log = Path(folder, "scratch"), Path(folder, "log")
            scratch.mkdir()
            probe = run_probe(environment.python, order, scratch=scratch, log=log, timeout=_SECONDS, imports_only=True)
        if fault := _fault(probe):
            raise _fails(environment, order, fault)
        _try_compiler(environment, order)
    return tuple("-".join(order) for order in every)


def _fault(probe: ProbeResult) -> str:
    """Why an import does not work; empty where it does."""
    if probe.ended != "finished":
        return probe.last_lines[-1] if probe.last_lines else probe.problem()
    failed = (check for check in probe.checks if check.status == "failed" and check.name != _LOADED)
    return next((f"{check.name}: {check.detail}" for check in failed), "")


def _try_compiler(environment: _Environment, order: Sequence[str]) -> None:
    """Import the frameworks' compilers after them, which torch does when it first compiles."""
    compilers = [str(entry.compiler) for entry in FRAMEWORKS.values() if entry.compiler in environment.versions]
    command = [str(environment.python), "-I", "-c", f"import {', '.join([*order, *compilers])}"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False, timeout=_SECONDS)
    except subprocess.TimeoutExpired:
        raise _fails(environment, [*order, *compilers], f"it took more than {_SECONDS:.0f} s") from None
    if done.returncode != 0:
        lines = done.stderr.strip().splitlines() or [f"exit status {done.returncode}"]
        raise _fails(environment, [*order, *compilers], lines[-1])


def _fails(environment: _Environment, order: Sequence[str], why: str) -> CheckFailed:
    what = f"importing {' then '.join(order)} fails in {environment.prefix} with {LOADER} too"
    return CheckFailed(f"{what}, which is taken out again: {why}")
