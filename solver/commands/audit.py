"""audit: what is broken in a set that any tool made, or in an installed prefix."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import msgspec

from solver.audit.assumed import assumed_target
from solver.audit.checked import Checked, checked
from solver.audit.codes.vulnerabilities import vulnerabilities as known_vulnerabilities
from solver.audit.context import AuditContext, RecordReader
from solver.audit.grouping import by_cause, majors_of
from solver.audit.inputs import read_sets
from solver.audit.installed import findings_as_installed
from solver.audit.merge import PLAIN, in_parts
from solver.audit.package_set import PackageSet
from solver.audit.readers.parts import EVERY, Choice
from solver.audit.readers.table import EXPECTED
from solver.audit.run import context_of
from solver.audit.wheel_records import record_reader
from solver.commands.project import Reach, bindings_of, open_facts
from solver.core.acceptance import ACCEPTED, NOTHING, Acceptance, accepted_in, idle, marked
from solver.core.caches import user_cache
from solver.core.errors import BadInput
from solver.core.model import SEVERITIES, Finding, PypiName, Severity, Target
from solver.core.reading import read_text
from solver.index import Index
from solver.index.private import LiveIndexes
from solver.lock.folder import LockFolder, is_lock, own_lock
from solver.lock.solution import FILE as SOLUTION_FILE
from solver.matrix.load import Matrices
from solver.request.target_words import parse_target

Words = Mapping[str, object]
"""What --target named: platform, python, driver, gpu, glibc; empty: nothing."""

_ACTIVE = ("VIRTUAL_ENV", "CONDA_PREFIX")
"""The variables that an activated environment sets, the one that is activated inside the other first."""


@dataclass(frozen=True)
class Given:
    """What is audited."""

    path: Path
    """A file or a prefix; a name for it where ``text`` is at hand."""
    text: str | None = None
    """What stands in the file, where it came by the standard input; None: it is read from ``path``."""
    choice: Choice = EVERY
    """Which of the sets of a lock is looked at; all of them, where nobody chose."""
    context: Path | None = None
    """The folder that a Dockerfile is built in; None: its own."""

    @property
    def is_prefix(self) -> bool:
        """Whether it is an installed prefix."""
        return self.text is None and self.path.is_dir()

    @cached_property
    def lock(self) -> LockFolder | None:
        """The lock of ours in which the file lies; None where it lies in none."""
        return own_lock(self.path.parent) if self.text is None and self.path.is_file() else None

    @cached_property
    def accepted(self) -> Acceptance:
        """What the file accepts, or the lock that the prefix was installed from."""
        if self.text is not None:
            return accepted_in(self.text)
        path = self.path / ACCEPTED if self.is_prefix else self.path
        return accepted_in(read_text(path)) if path.is_file() else {}


def given(path: Path) -> Given:
    """What lies at ``path``; of the folder or solution.yaml of a lock of ours, the file that names what it installs."""
    folder = path.parent if path.name == SOLUTION_FILE else path
    lock = own_lock(folder) if is_lock(folder) else None
    return Given(path if lock is None else lock.set_file)


def active_environment(environ: Mapping[str, str]) -> Given:
    """The environment that ``environ`` says is active; raises ``BadInput`` where none is."""
    prefix = next((environ[variable] for variable in _ACTIVE if environ.get(variable)), None)
    if prefix is None:
        raise BadInput(f"name what to audit, since no environment is active ({', '.join(_ACTIVE)})", fix=EXPECTED)
    return Given(Path(prefix))


@dataclass(frozen=True)
class Audited:
    """What came of an audit."""

    findings: tuple[Finding, ...]
    checked: Checked
    parts: tuple[str, ...] = ()
    """The sets that were looked at, where the file holds several."""
    idle: tuple[str, ...] = ()
    """The ids that somebody accepts and nothing was found of."""

    def fails(self, mildest: Severity) -> bool:
        """As ``any_grave`` has it."""
        return any_grave(self.findings, mildest)


def any_grave(findings: Iterable[Finding], mildest: Severity) -> bool:
    """Whether some finding that nobody accepts is as grave as ``mildest``, or graver."""
    grave = SEVERITIES[: SEVERITIES.index(mildest) + 1]
    return any(finding.severity in grave and finding.accepted is None for finding in findings)


def audit_path(
    root: Path,
    what: Given,
    words: Words,
    environ: Mapping[str, str],
    *,
    live: bool = False,
    vulnerabilities: bool = False,
    accept: Acceptance = NOTHING,
) -> Audited:
    """The audit of a file or an installed prefix; raises ``BadInput`` where it cannot be read.

    ``environ`` are the variables in force here, which count where a prefix is audited. What ``accept``
    or the file itself accepts is told with the reason.
    """
    matrices, index, _ = open_facts(root, reach=Reach.ALL if live else Reach.RECORD)
    in_force, record_of = environ if what.is_prefix else None, _live_records() if live else None
    findings: dict[str, tuple[Finding, ...]] = {}
    looks: dict[PackageSet, _Look] = {}
    for package_set, target in read_all_for(what, words, matrices, index):
        # An extra that adds nothing here is no other set.
        bare = msgspec.structs.replace(package_set, part="")
        if bare not in looks:
            context = context_of(package_set, matrices, index, target, in_force, record_of, named=tuple(words))
            looks[bare] = _look(context, known_vulnerabilities(package_set) if vulnerabilities else ())
        findings[package_set.part] = looks[bare].findings
    parts = tuple(part or PLAIN for part in findings) if len(findings) > 1 else ()
    accepted = {**what.accepted, **accept}
    every = marked(in_parts(findings), accepted)
    majors = {name: major for look in looks.values() for name, major in look.majors.items()}
    every_checked = [look.checked for look in looks.values()]
    frameworks = tuple(sorted({name for one in every_checked for name in one.frameworks}))
    most = replace(max(every_checked, key=lambda one: one.packages), frameworks=frameworks)
    return Audited(by_cause(every, majors), most, parts, idle(every, accepted))


@dataclass(frozen=True)
class _Look:
    """What came of one set."""

    findings: tuple[Finding, ...]
    checked: Checked
    majors: Mapping[PypiName, int]
    """The CUDA major of each package that is of one."""


def _look(context: AuditContext, known: tuple[Finding, ...]) -> _Look:
    """``known``: what is found of it otherwise."""
    whole, findings = findings_as_installed(context)
    return _Look((*findings, *known), checked(whole), majors_of(whole))


def read_for(
    what: Given, words: Words, matrices: Matrices, index: Index | None = None
) -> tuple[PackageSet, Target | None]:
    """The set that is installed where nobody asks for more, or the chosen one; see ``read_all_for``."""
    return read_all_for(what, words, matrices, index)[0]


def read_all_for(
    what: Given, words: Words, matrices: Matrices, index: Index | None = None
) -> list[tuple[PackageSet, Target | None]]:
    """Each set and the target that was named; words that were not given are taken from the set itself.

    ``index``: see ``assumed_target``.
    Raises ``BadInput`` where the set cannot be read or a word has no such value.
    """
    lock = what.lock
    own = None if lock is None else lock.solution.target
    named = parse_target(words, matrices) if words else None
    where = named if "python" in words or "platform" in words else None
    sets = read_sets(what.path, where, own, what.text, what.choice, matrices, what.context)
    if lock is not None:
        # Whichever file of the lock is looked at: few of them have a place for variables.
        sets = tuple(one.setting(lock.variables) for one in sets)
    if named is None:
        return [(one, None) for one in sets]
    given = {"gpus" if word == "gpu" else word for word in words}
    return [(one, _completed(named, given, assumed_target(one, matrices, index))) for one in sets]


def _completed(named: Target, given: Container[str], assumed: Target) -> Target:
    """``named`` with what was not given as it is assumed."""
    others = {field: getattr(assumed, field) for field in assumed.__struct_fields__ if field not in given}
    return msgspec.structs.replace(named, **others)


def _live_records() -> RecordReader:
    index = LiveIndexes(bindings_of(Path()))
    return record_reader(index.source, user_cache(), session=index.session, index_of=index.kept_as)
