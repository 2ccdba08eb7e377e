"""A lock made: the straight page from a profile to the files of its folder."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from solver.commands.attest import attest
from solver.commands.closure import Closure, close
from solver.commands.freshness import index_facts
from solver.commands.gate import gate
from solver.commands.keep import gather, write_channel_facts, write_facts
from solver.commands.project import Project
from solver.core.acceptance import Acceptance, acceptance_of, accepting, idle
from solver.core.axes import CUDA, axes_of
from solver.core.errors import InterlockError, NoSolution
from solver.core.flavours import explicit_filename
from solver.core.model import Finding, Flavour, Profile, PypiName, Solution, is_built
from solver.core.whole import write_folder
from solver.index.conda_record import without_md5
from solver.index.provenance import Publisher
from solver.lock.condalock import conda_lock_yml
from solver.lock.environment import CondaHalf, environment_yml
from solver.lock.explicit import base_explicit, explicit
from solver.lock.loader.local import local_wheels
from solver.lock.loader.sharing import ACTIVATION, activation_script
from solver.lock.requirements import LocalWheel, requirement_lines, requirements_txt
from solver.lock.solution import FILE as SOLUTION_FILE
from solver.lock.solution import installable_digest, solution_yaml
from solver.lock.variables import profile_variables
from solver.request.loader import OPTION


@dataclass(frozen=True)
class Lock:
    """One profile's lock, made and not yet written."""

    profile: Profile
    closure: Closure
    wheels: tuple[LocalWheel, ...]
    files: Mapping[str, bytes]
    """By POSIX name below locks/<profile>."""
    idle: tuple[str, ...] = ()
    """The ids that the profile accepts and nothing was found of."""
    asked_for: frozenset[PypiName] = frozenset()
    """The packages of which the record was read to make it, or before: nothing of another one had a say."""

    @property
    def solution(self) -> Solution:
        """What the search found."""
        return self.closure.solution

    @property
    def is_half(self) -> bool:
        """Whether nobody could say what its conda half is, so that it can only become a plain venv."""
        return self.closure.conda.not_written is not None


_AUDITED = ("requirements.txt", ".yml", ".lock")
"""How the files of a lock end that say what is installed, all of which have comments that begin with #."""


def command_for(profile: Profile) -> str:
    """The one command that makes a profile's lock."""
    return f"interlock lock {profile.name}"


def make_lock(
    project: Project,
    profile: Profile,
    *,
    attested: bool = False,
    publishers: Mapping[str, Publisher] | None = None,
) -> Lock:
    """Search, close, audit and render one profile; nothing is written.

    ``attested``: the index is asked who published each package, and not only those of which the
    profile requires it; it is not asked where ``publishers`` tells that already. Raises ``BadProvenance``
    where that does not hold, ``Unsolvable``, ``NoSolution`` where something in it was never read,
    ``CheckFailed`` where the audit finds an error, ``BadInput``.
    """
    closure = close(project, profile)
    _refuse_unread(profile, closure)
    wheels = tuple(local_wheels(project.matrices, profile, closure.solution))
    findings = gate(project, profile, closure, wheels)
    files = _accepting(FILES[profile.flavour](profile, closure, wheels), acceptance_of(findings))
    if publishers is None:
        publishers = attest(profile, closure.solution, every=attested)
    text = _solution_text(project, profile, closure, files, findings, publishers)
    files = {**files, SOLUTION_FILE: text.encode()}
    asked_for = frozenset(project.snapshot.asked_for)
    return Lock(profile, closure, wheels, files, idle(findings, profile.accept), asked_for)


def _solution_text(
    project: Project,
    profile: Profile,
    closure: Closure,
    files: Mapping[str, bytes],
    findings: Sequence[Finding],
    publishers: Mapping[str, Publisher],
) -> str:
    """solution.yaml, beside the installable ``files``."""
    return solution_yaml(
        closure.solution,
        profile,
        lock_digest=installable_digest(files),
        rows=closure.rows,
        index_facts=index_facts(project, closure.solution),
        command=f"{command_for(profile)}{f' {OPTION}' if project.no_loader else ''}",
        no_loader=project.no_loader,
        findings=findings,
        attested=publishers,
        conda=closure.conda,
    )


def _accepting(files: Mapping[str, bytes], accepted: Acceptance) -> Mapping[str, bytes]:
    """``files``, each that an audit reads with what is accepted, so that a copy of it is judged alike."""
    if not accepted:
        return files
    return {
        name: accepting(content.decode(), accepted).encode() if name.endswith(_AUDITED) else content
        for name, content in files.items()
    }


def _refuse_unread(profile: Profile, closure: Closure) -> None:
    if not closure.solution.lockable:
        missing = "; ".join(closure.solution.missing)
        raise NoSolution(f"{profile.name} is solvable, not lockable here, since nobody read {missing}")


def _pip_files(profile: Profile, closure: Closure, wheels: Sequence[LocalWheel]) -> Mapping[str, bytes]:
    """requirements.txt with our own wheels."""
    lines = requirement_lines(closure.solution, wheels)
    texts = {"requirements.txt": requirements_txt(closure.solution, lines, command_for(profile))}
    if profile.gpu_sharing is not None:
        texts[ACTIVATION] = activation_script(profile_variables(profile))
    own = {wheel.place: wheel.content for wheel in wheels}
    return {**{name: text.encode() for name, text in texts.items()}, **own}


def _pip_in_conda_files(profile: Profile, closure: Closure, wheels: Sequence[LocalWheel]) -> Mapping[str, bytes]:
    """The same, the environment.yml around it, and conda's half of that by address."""
    half, lines, texts = _conda_half(closure), requirement_lines(closure.solution, wheels), {}
    texts["environment.yml"] = environment_yml(profile, half, lines)
    if half.records:
        explicit_file = explicit_filename(profile.flavour, half.target.platform)
        texts[explicit_file] = base_explicit(profile, half.records, half.target)
    return {**_pip_files(profile, closure, wheels), **{name: text.encode() for name, text in texts.items()}}


def _conda_files(profile: Profile, closure: Closure, wheels: Sequence[LocalWheel]) -> Mapping[str, bytes]:
    """The same environment for conda, for ``conda create --file`` and for conda-lock."""
    half, platform = _conda_half(closure), closure.solution.target.platform
    texts = {
        "environment.yml": environment_yml(profile, half),
        explicit_filename(profile.flavour, platform): explicit(profile, half.records, half.target),
    }
    if not without_md5(closure.records):  # environment.yml says so where it is left out
        texts["conda-lock.yml"] = conda_lock_yml(profile, closure.records, (), platform)
    return {name: text.encode() for name, text in texts.items()}


def _conda_half(closure: Closure) -> CondaHalf:
    solution = closure.solution
    target = solution.target if solution.axes[CUDA] else msgspec.structs.replace(solution.target, driver=None)
    return CondaHalf(target, closure.records, closure.conda.virtual or {}, closure.unrecorded)


Files = Callable[[Profile, Closure, Sequence[LocalWheel]], Mapping[str, bytes]]
FILES: Mapping[Flavour, Files] = {
    "pip-in-conda": _pip_in_conda_files,
    "conda": _conda_files,
    "pip": _pip_files,
}
"""What a lock folder holds beside solution.yaml, by POSIX name."""


KEPT, DERIVED = ("evidence/",), ("pylock.toml",)
"""What else may lie in a lock's folder: records of its runs, and what is made of it."""


def write_lock(project: Project, lock: Lock) -> bool:
    """Put the lock's folder in place, whole; evidence stays. Returns whether anything changed."""
    return write_folder(project.locks / lock.profile.name, lock.files, keep=KEPT, derived=DERIVED)


def write_locks(
    project: Project, profiles: Iterable[Profile], *, attested: bool = False
) -> Iterator[tuple[Lock, bool] | InterlockError]:
    """Lock one profile after the other: each lock with whether its folder changed, or why there is none.

    ``attested`` as in ``make_lock``.
    """
    chosen = tuple(profiles)
    gathered = gather(project, chosen)
    write_facts(gathered.project)
    for profile in chosen:
        if profile.name in gathered.errors:
            yield gathered.errors[profile.name]
            continue
        try:
            lock = make_lock(gathered.project, profile, attested=attested)
            yield lock, write_lock(project, lock)
        except InterlockError as error:
            yield error
    write_channel_facts(project)


def summary(lock: Lock) -> str:
    """One line on what a lock holds."""
    axes = lock.solution.axes
    chosen = [f"{axis} {axes[axis]}" for axis in axes_of("framework", "python", "toolkit", "library") if axes[axis]]
    built = [str(pin.name) for pin in lock.solution.pins if is_built(pin.files)]
    by_pip = f"by pip (built from source where it is installed: {', '.join(built)})" if built else "by pip"
    halves = [(len(lock.solution.pins), by_pip), (len(lock.closure.records), "by conda")]
    return f"{', '.join(chosen)}; " + ", ".join(f"{count} packages {how}" for count, how in halves if count)
