"""What a lock makes of a published stack, as text: each of its pins kept, changed or left out, and why.

The reasons are no stored texts: the literal pin is searched together with all the rest, and
what the search then says cannot be is the reason.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import msgspec
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from solver.core.answer import NOT_KNOWN, Answer, NotKnown
from solver.core.axes import AXES, CUDA, is_of_kind
from solver.core.explanation import Cause
from solver.core.flavours import FLAVOURS
from solver.core.frameworks import FRAMEWORKS, framework_of
from solver.core.model import REQUEST, Profile, Solution
from solver.core.versions import major, meets, within
from solver.matrix.builds import reported_version
from solver.matrix.drivers import oldest
from solver.matrix.load import Matrices
from solver.matrix.place import Place
from solver.matrix.rows import Build, Rule
from solver.matrix.rules import broken, demands, forbids, holds
from solver.request.keys import specifier

MOST = 3
"""Causes told of one pin."""

Causes = Callable[[Profile], tuple[Cause, ...]]
"""Why a profile has no solution that can be locked; empty where it has one."""
Newest = Callable[[str], str | None]
"""The newest release of a package that its index knows, by PyPI name; None where it knows none."""


@dataclass(frozen=True)
class StackLock:
    """A lock, beside the stack that its profile takes literally."""

    profile: Profile
    """With its stack."""
    solution: Solution
    packages: Mapping[str, str]
    """Version by PyPI name."""
    matrices: Matrices

    def version(self, name: str) -> str | None:
        """The version of an axis or a package; None where the lock has none."""
        axis = next((version for axis, version in self.solution.axes.items() if axis == name), None)
        return axis or self.packages.get(name)

    def row(self, name: str) -> Build | NotKnown:
        """The build of a framework of which each release has several, told apart by local parts."""
        version, framework = self.packages.get(name), framework_of(name)
        from_pip = FLAVOURS[self.profile.flavour].from_pip
        if version is None or framework is None or not from_pip or not FRAMEWORKS[framework].local_builds:
            return NOT_KNOWN
        return self.matrices.build(name, version, self.solution.target.platform)

    def build(self, name: str) -> str | NotKnown:
        """What such a framework calls itself, local part included."""
        row = self.row(name)
        return NOT_KNOWN if isinstance(row, NotKnown) else reported_version(row)


def report(lock: StackLock, causes: Causes, newest: Newest | None) -> list[str]:
    """One line a pin of the profile's stack, its reasons indented below; then what else was held back.

    ``newest`` is None where nothing is to be said of newer releases.
    """
    profile = lock.profile
    lines = [f"{profile.name}: what this lock makes of the published pins"]
    for name, text in profile.stack.items():
        lines += _pin_lines(name, text, lock, causes)
    if newest is not None:
        lines += _behind_newest(lock, newest)
    lines += _libraries(lock)
    return lines


def _pin_lines(name: str, text: str, lock: StackLock, causes: Causes) -> Iterator[str]:
    pin = f"{name} {text}"
    if name == "driver":
        yield from _driver(pin, text, lock)
        return
    version, literal = lock.version(name), _specifier(name, text, lock)
    if version is None or not _meets(name, text, version, lock):
        yield f"  {pin}: left out" if version is None else f"  {pin}: changed to {version}"
        yield from _reasons(causes(_asking(lock.profile, name, literal)))
    else:
        yield f"  {pin}: kept" if version == text else f"  {pin}: kept, {_as(name, version, lock)}"
        is_open = not text[:1].isdigit()
        if is_open and not is_of_kind(name, "toolkit", "library", "python"):
            above = _asking(lock.profile, name, f"{literal},>{version}")
            yield from _reasons(causes(above), "newer is refused: ")


def _specifier(name: str, text: str, lock: StackLock) -> str:
    if not FLAVOURS[lock.profile.flavour].from_pip:
        text = text.partition("+")[0]  # conda's builds tell their CUDA otherwise
    # "cuDNN 8.1" names a line of releases, not one.
    return f"=={text}.*" if is_of_kind(name, "library") and text[:1].isdigit() else specifier(text)


def _meets(name: str, text: str, version: str, lock: StackLock) -> bool:
    # conda's python is told to the patch level
    minor = is_of_kind(name, "python") and text[:1].isdigit()
    bound = f"=={text}.*" if minor else _specifier(name, text, lock)
    if within(version, bound):
        return True
    build = lock.build(name)
    return not isinstance(build, NotKnown) and within(build, bound)


def _as(name: str, version: str, lock: StackLock) -> str:
    build, row = lock.build(name), lock.row(name)
    if isinstance(build, str) and build != version and isinstance(row, Build):
        return f"as {version} of the package index, whose own build is {build} [{row.id}]"
    return f"as {version}"


def _driver(pin: str, text: str, lock: StackLock) -> Iterator[str]:
    cuda = lock.solution.axes.get(CUDA)
    if not cuda:
        yield f"  {pin}: left out, this lock needs no driver"
        return
    platform, name = lock.solution.target.platform, f"CUDA {major(cuda)}.x"
    needs = oldest(cuda, platform, lock.matrices)
    lowest = next((part.version for part in SpecifierSet(text) if part.operator in (">=", "==", "~=")), None)
    if isinstance(needs, NotKnown):
        yield f"  {pin}: kept; nobody read what {name} asks for on {platform}"
    elif lowest is None or Version(lowest) > Version(needs.driver):
        yield f"  {pin}: kept; {name} asks for {needs.driver} [{needs.row}]"
    elif Version(lowest) == Version(needs.driver):
        yield f"  {pin}: kept, it is what {name} asks for [{needs.row}]"
    else:
        yield f"  {pin}: changed to >={needs.driver}"
        yield f"      {name} asks for it on {platform}  [{needs.row}]"


def _asking(profile: Profile, name: str, spec: str) -> Profile:
    """``profile`` asking for exactly what the stack says of one name."""
    replace = msgspec.structs.replace
    if is_of_kind(name, "python", "toolkit"):
        return replace(profile, **{name: spec})
    if name in AXES:
        return replace(profile, constraints={**profile.constraints, name: spec})
    others = [text for text in profile.packages if canonicalize_name(Requirement(text).name) != name]
    constraints = {key: value for key, value in profile.constraints.items() if key != name}
    return replace(profile, packages=(*others, f"{name}{spec}"), constraints=constraints)


def _reasons(causes: Sequence[Cause], before: str = "") -> Iterator[str]:
    reasons = [cause for cause in causes if cause.who != REQUEST]
    if causes and not reasons:
        yield f"      nothing that is known is {causes[-1].asks}"
    if not causes and not before:
        yield "      it would do; the profile itself asks for something else"
    for cause in reasons[:MOST]:
        asks = cause.asks.replace("\n", "\n        ")  # a channel answers with a tree
        yield f"      {before}{cause.who}: {asks}  [{cause.source}]"
    if len(reasons) > MOST:
        yield f"      and {len(reasons) - MOST} more"


def _behind_newest(lock: StackLock, newest: Newest) -> Iterator[str]:
    """Packages that the stack does not name and that a rule keeps from their newest release."""
    place = Place.of(lock.solution.target)
    named = set(lock.profile.stack)
    for rule in lock.matrices.rules:
        if holds(rule, lock.packages, place) is not Answer.YES:
            continue
        for name, bound in demands(rule).items():
            if name not in lock.packages or name in named or forbids(bound):
                continue
            top = newest(name)
            # What the metadata of a package says itself surprises nobody.
            if top is not None and _refuses(rule, name, top, lock, place) and not _declared(name, top, lock):
                named.add(name)
                yield f"  {name} (not named): held at {lock.packages[name]}, the newest is {top}"
                yield f"      {rule.why}  [{rule.id}]"


def _declared(name: str, version: str, lock: StackLock) -> bool:
    """Whether a package of the lock says itself that it does not take ``version``."""
    read = (pin.requires for pin in lock.solution.pins if not isinstance(pin.requires, NotKnown))
    requirements = (Requirement(text) for requires in read for text in requires)
    return any(canonicalize_name(one.name) == name and not meets(version, str(one.specifier)) for one in requirements)


def _refuses(rule: Rule, name: str, version: str, lock: StackLock, place: Place) -> bool:
    """Whether the rule would be broken by another version of one package."""
    breaches = broken([rule], {**lock.packages, name: version}, place)
    return any(offence.package == name for breach in breaches for offence in breach.offences)


def _libraries(lock: StackLock) -> Iterator[str]:
    """The CUDA libraries that the own wheel of a framework which opens them does not bring."""
    brought = {row.distribution for row in lock.matrices.libraries} & set(lock.packages)
    for entry in FRAMEWORKS.values() if brought else ():
        if entry.dlopens and entry.name in lock.packages:
            shown = ", ".join(f"{name} {lock.packages[name]}" for name in sorted(brought))
            yield f"  CUDA libraries, which {entry.title}'s wheel does not bring: {shown}"
