"""Locks held against what `lock` would write: exactly, since a lock is made anew for it where nothing tells before."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from solver.commands.freshness import changed_facts
from solver.commands.lock import DERIVED, KEPT, Lock, make_lock
from solver.commands.past_checks import PastChecks
from solver.commands.project import Project
from solver.core.answer import Answer
from solver.core.errors import BadInput, IndexUnavailable, InterlockError, Undecided, Unsolvable
from solver.core.flavours import explicit_filename
from solver.core.model import Profile, PypiName, Value
from solver.core.names import one_line
from solver.core.parallel import in_parallel
from solver.core.whole import differing
from solver.lock.folder import ENVIRONMENT, LockFolder, is_lock, lock_folders, read_folder
from solver.lock.requirements import is_own_wheel
from solver.lock.solution import FILE
from solver.request.loader import without_loader
from solver.solve.space.packages import Spaces

_NOT_RECORDED = (
    "whether it is fresh is not known, since nobody recorded what it is made of; `interlock lock` asks for it"
)
_NAMED = 3
"""Packages or files that one reason names."""


class Freshness(Value, frozen=True):
    """Whether `lock` would write what lies there."""

    answer: Answer
    reasons: tuple[str, ...] = ()
    """Empty where it would."""

    @property
    def word(self) -> Literal["fresh", "stale", "not known"]:
        """The answer as it is told of a lock."""
        return _WORDS[self.answer]


_WORDS: Mapping[Answer, Literal["fresh", "stale", "not known"]] = {
    Answer.YES: "fresh",
    Answer.NO: "stale",
    Answer.NOT_KNOWN: "not known",
}
FRESH = Freshness(Answer.YES)


def _freshness(reasons: tuple[str, ...]) -> Freshness:
    return Freshness(Answer.NO, reasons) if reasons else FRESH


class _Anew(Value, frozen=True):
    """What came of making a lock anew."""

    profile: Profile
    """As the lock was made."""
    freshness: Freshness
    asked_for: frozenset[PypiName]
    """The packages of which the record was read for it."""


@dataclass(frozen=True)
class _Checker:
    project: Project
    past: PastChecks

    def glance(self, profile: Profile) -> Freshness | None:
        """What the first two tell; None where the lock has to be made anew."""
        folder = self.project.locks / profile.name
        if not is_lock(folder):
            return Freshness(Answer.NO, ("it was never made",))
        try:
            lock = read_folder(folder)
            profile = without_loader(profile) if lock.solution.no_loader else profile
            reasons = (*changed_facts(self.project, profile, lock), *lock.changes, *self._moved_parent(profile, lock))
        except BadInput as error:
            return Freshness(Answer.NO, (f"it cannot be read: {error}",))
        if reasons:
            return Freshness(Answer.NO, reasons)
        known = self.past.reasons(profile)
        return None if known is None else _freshness(known)

    def make_anew(self, profile: Profile) -> _Anew:
        """What making the lock anew tells."""
        lock = read_folder(self.project.locks / profile.name)
        profile, project = without_loader(profile) if lock.solution.no_loader else profile, _unasked(self.project)
        try:
            freshness = _freshness(tuple(_made_anew(project, profile, lock)))
        except (IndexUnavailable, Undecided):
            freshness = Freshness(Answer.NOT_KNOWN, (_NOT_RECORDED,))
        return _Anew(profile, freshness, frozenset(project.snapshot.asked_for))

    def keep(self, made: _Anew) -> None:
        """Keep what was found of a lock by making it anew."""
        if made.freshness.answer is not Answer.NOT_KNOWN:
            self.past.keep(made.profile, made.freshness.reasons, made.asked_for)

    def _moved_parent(self, profile: Profile, lock: LockFolder) -> Iterator[str]:
        """That the lock of which this one is a part holds other versions or files of what both have."""
        parent = None if profile.variant_of is None else self.project.locks / profile.variant_of
        if parent is None or not is_lock(parent):
            return
        pins = {pin.name: pin for pin in lock.pins}
        pairs = ((pin, pins[pin.name]) for pin in read_folder(parent).pins if pin.name in pins)
        moved = [
            pin.name for pin, own in pairs if not pin.url and (pin.version, pin.hashes) != (own.version, own.hashes)
        ]
        if moved:
            yield f"its parent {profile.variant_of} has another {_some(moved)}"


def _made_anew(project: Project, profile: Profile, lock: LockFolder) -> Iterator[str]:
    """Why what `lock` would write is not what lies there; raises ``Undecided``, ``IndexUnavailable``."""
    try:
        project = replace(project, no_loader=project.no_loader or lock.solution.no_loader)
        made = make_lock(project, profile, publishers=lock.solution.attested)
    except (IndexUnavailable, Undecided):
        raise
    except Unsolvable as error:
        yield f"there is no such lock any more: `interlock explain --profile {error.profile}` tells why"
        return
    except InterlockError as error:
        yield f"it would not be written any more: {one_line(str(error))}"
        return
    # Of a channel that has but an address the lock itself is the only record.
    halves = made.is_half and bool(lock.records)
    names = differing(lock.path, made.files, (*KEPT, *DERIVED, *(_of_channels(lock) if halves else ())))
    if names:
        moved = list(_moved(lock, made))
        own = [name for name in names if is_own_wheel(name)]
        if moved:
            yield f"`lock` would take {_some(moved)}"
        elif own:
            yield "our own wheel in it is made otherwise by now"
        else:
            yield f"`lock` would write another {_some(names)}"


def _of_channels(lock: LockFolder) -> tuple[str, ...]:
    """The files that hold what came from conda's channels."""
    return (FILE, ENVIRONMENT, explicit_filename(lock.solution.flavour, lock.target.platform))


def _moved(lock: LockFolder, made: Lock) -> Iterator[str]:
    """Packages of which ``made`` has another version than lies there."""
    own = set(lock.wheels.values())
    pins = {str(pin.name): pin.installs for pin in lock.pins if not pin.hashes <= own}
    then: dict[str, str] = {} if made.is_half else {record.name: record.version for record in lock.records}
    then |= pins
    now: dict[str, str] = {record.name: record.version for record in made.closure.records}
    now |= {str(pin.name): pin.version for pin in made.solution.pins}
    for name in sorted({*then, *now}):
        if then.get(name) != now.get(name):
            yield f"{name} {now.get(name, 'no more')} for {then.get(name, 'none')}"


def _some(names: Sequence[str]) -> str:
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")


def check_locks(project: Project, profiles: Iterable[Profile]) -> dict[str, Freshness]:
    """By the name of each profile how its lock stands; what was found is kept for the next time."""
    with PastChecks(project) as past:
        checker, chosen = _Checker(project, past), tuple(profiles)
        glanced = {profile.name: checker.glance(profile) for profile in chosen}
        unseen = [profile for profile in chosen if glanced[profile.name] is None]
        anew = dict(zip((profile.name for profile in unseen), in_parallel(checker.make_anew, unseen), strict=True))
        for made in anew.values():
            checker.keep(made)
        return {name: seen or anew[name].freshness for name, seen in glanced.items()}


def _unasked(project: Project) -> Project:
    """``project``, whose record tells of which packages it is asked from now on; each search begins anew."""
    snapshot = project.snapshot.unasked()
    return replace(project, index=snapshot, snapshot=snapshot, spaces=Spaces(project.matrices, snapshot))


def orphans(project: Project) -> dict[str, Freshness]:
    """The locks that lie there and of which the request has no profile."""
    profiles = {profile.name for profile in project.request.profiles}
    gone = [folder.name for folder in lock_folders(project.locks) if folder.name not in profiles]
    why = "the request has no such profile any more; write it again, or remove the folder"
    return {name: Freshness(Answer.NO, (why,)) for name in gone}


def remember(project: Project, written: Iterable[Lock]) -> None:
    """Keep that locks lie there as they were just made, of everything that was recorded."""
    with PastChecks(project) as past:
        for lock in written:
            past.keep(lock.profile, (), lock.asked_for)
