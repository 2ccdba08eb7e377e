"""What a lock makes of a published stack: each of its pins kept, changed or left out, and why.

The reasons are no stored texts: the literal pin is searched together with all the rest, and
what the search then says cannot be is the reason.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

import msgspec
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from solver.core.answer import Answer, NotKnown
from solver.core.frameworks import FRAMEWORKS
from solver.core.model import REQUEST, Cause, Profile, Solution
from solver.core.versions import major, meets, within
from solver.matrix.builds import stated
from solver.matrix.drivers import oldest
from solver.matrix.load import Matrices
from solver.matrix.place import Place
from solver.matrix.rows import ABSENT, Rule
from solver.matrix.rules import broken, holds
from solver.request.profile import specifier

AXES = ("cuda", "cudnn", "python")
MOST = 3
"""Causes told of one pin."""

Refused = Callable[[Profile], tuple[Cause, ...]]
"""Why a profile has no solution that can be locked; empty where it has one."""
Newest = Callable[[str], str | None]
"""The newest release of a package that its index knows, by PyPI name; None where it knows none."""


@dataclass(frozen=True)
class Held:
    """What a lock holds of what a stack names."""

    profile: Profile
    """With its stack."""
    solution: Solution
    packages: Mapping[str, str]
    """Version by PyPI name."""
    matrices: Matrices

    def version(self, name: str) -> str | None:
        """The version of an axis or a package; None where the lock has none."""
        return self.solution.axes.get(name) or self.packages.get(name)

    def build(self) -> str | None:
        """What torch calls itself, local part included."""
        version = self.packages.get("torch") if self.profile.flavour != "conda" else None
        row = version and self.matrices.build("torch", version, self.solution.target.platform)
        return stated(row.reports) if row else None


def stack_lines(held: Held, refused: Refused, newest: Newest) -> list[str]:
    """One line a pin of the profile's stack, its reasons indented below; then what else was held back."""
    profile = held.profile
    lines = [f"{profile.name}: what this lock makes of the published pins"]
    for name, text in profile.stack.items():
        lines += _pin_lines(name, text, held, refused)
    lines += _held_back(held, newest)
    lines += _libraries(held)
    return lines


def _pin_lines(name: str, text: str, held: Held, refused: Refused) -> Iterator[str]:
    asked = f"{name} {text}"
    if name == "driver":
        yield from _driver(asked, text, held)
        return
    have = held.version(name)
    if have is None:
        yield f"  {asked}: left out"
        yield from _reasons(refused(_literal(held.profile, name, _specifier(name, text, held))))
        return
    if not _meets(name, text, have, held):
        yield f"  {asked}: changed to {have}"
        yield from _reasons(refused(_literal(held.profile, name, _specifier(name, text, held))))
        return
    exact = text[:1].isdigit()
    yield f"  {asked}: kept" if have == text else f"  {asked}: kept, {_as(name, have, held)}"
    if not exact and name not in AXES:
        above = refused(_literal(held.profile, name, f"{_specifier(name, text, held)},>{have}"))
        yield from _reasons(above, "newer is refused: ")


def _specifier(name: str, text: str, held: Held) -> str:
    if held.profile.flavour == "conda":
        text = text.partition("+")[0]  # conda's builds tell their CUDA otherwise
    # "cuDNN 8.1" names a line of releases, not one.
    return f"=={text}.*" if name == "cudnn" and text[:1].isdigit() else specifier(text)


def _meets(name: str, text: str, have: str, held: Held) -> bool:
    # conda's python is told to the patch level
    minor = name == "python" and text[:1].isdigit()
    wanted = f"=={text}.*" if minor else _specifier(name, text, held)
    if within(have, wanted):
        return True
    build = held.build() if name == "torch" else None
    return build is not None and within(build, wanted)


def _as(name: str, have: str, held: Held) -> str:
    build = held.build() if name == "torch" else None
    if build is not None and build != have:
        row = held.matrices.build("torch", have, held.solution.target.platform)
        return f"as {have} of the package index, whose own build is {build} [{row.id if row else ''}]"
    return f"as {have}"


def _driver(asked: str, text: str, held: Held) -> Iterator[str]:
    cuda = held.solution.axes.get("cuda")
    if not cuda:
        yield f"  {asked}: left out, this lock needs no driver"
        return
    platform, name = held.solution.target.platform, f"CUDA {major(cuda)}.x"
    needs = oldest(cuda, platform, held.matrices)
    lowest = next((part.version for part in SpecifierSet(text) if part.operator in (">=", "==", "~=")), None)
    if isinstance(needs, NotKnown):
        yield f"  {asked}: kept; nobody read what {name} asks for on {platform}"
    elif lowest is None or Version(lowest) > Version(needs.driver):
        yield f"  {asked}: kept; {name} asks for {needs.driver} [{needs.row}]"
    elif Version(lowest) == Version(needs.driver):
        yield f"  {asked}: kept, it is what {name} asks for [{needs.row}]"
    else:
        yield f"  {asked}: changed to >={needs.driver}"
        yield f"      {name} asks for it on {platform}  [{needs.row}]"


def _literal(profile: Profile, name: str, spec: str) -> Profile:
    """``profile`` asking for exactly what the stack says of one name."""
    replace = msgspec.structs.replace
    if name in ("python", "cuda"):
        return replace(profile, **{name: spec})
    if name in (*FRAMEWORKS, "cudnn", "protobuf", "numpy"):
        return replace(profile, constraints={**profile.constraints, name: spec})
    others = [text for text in profile.packages if canonicalize_name(Requirement(text).name) != name]
    constraints = {key: value for key, value in profile.constraints.items() if key != name}
    return replace(profile, packages=(*others, f"{name}{spec}"), constraints=constraints)


def _reasons(causes: Iterable[Cause], before: str = "") -> Iterator[str]:
    causes = list(causes)
    told = [cause for cause in causes if cause.who != REQUEST]
    if causes and not told:
        yield f"      nothing that is known is {causes[-1].asks}"
    if not causes and not before:
        yield "      it would do; the profile itself asks for something else"
    for cause in told[:MOST]:
        asks = cause.asks.replace("\n", "\n        ")  # a channel answers with a tree
        yield f"      {before}{cause.who}: {asks}  [{cause.source}]"
    if len(told) > MOST:
        yield f"      and {len(told) - MOST} more"


def _held_back(held: Held, newest: Newest) -> Iterator[str]:
    """Packages that the stack does not name and that a rule keeps from their newest release."""
    told: set[str] = set()
    place = Place.of(held.solution.target)
    for rule in held.matrices.rules:
        for name, wanted in rule.needs.items():
            have = held.packages.get(name)
            if have is None or name in held.profile.stack or name in told or wanted == ABSENT:
                continue
            if holds(rule, held.packages, place) is not Answer.YES:
                continue
            top = newest(name)
            if top is None or not _refuses(rule, name, top, held, place) or _declared(name, top, held):
                continue
            told.add(name)
            yield f"  {name} (not named): held at {have}, the newest is {top}"
            yield f"      {rule.why}  [{rule.id}]"


def _declared(name: str, version: str, held: Held) -> bool:
    """Whether a package of the lock says itself that it does not take ``version``, which surprises nobody."""
    asked = (Requirement(text) for pin in held.solution.pins for text in pin.requires or ())
    return any(canonicalize_name(one.name) == name and not meets(version, str(one.specifier)) for one in asked)


def _refuses(rule: Rule, name: str, version: str, held: Held, place: Place) -> bool:
    """Whether the rule would be broken by another version of one package."""
    breaches = broken([rule], {**held.packages, name: version}, place)
    return any(offence.package == name for breach in breaches for offence in breach.offences)


def _libraries(held: Held) -> Iterator[str]:
    """The CUDA libraries that TensorFlow's own wheel does not bring."""
    brought = {row.distribution for row in held.matrices.libraries} & set(held.packages)
    if brought and "tensorflow" in held.packages:
        shown = ", ".join(f"{name} {held.packages[name]}" for name in sorted(brought))
        yield f"  CUDA libraries, which TensorFlow's wheel does not bring: {shown}"
