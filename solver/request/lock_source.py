"""A file of a lock of ours, as the one who made the lock would have asked for it.

It pins all that was chosen, of which little was asked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from solver.core import names
from solver.core.frameworks import COMPANIONS, FRAMEWORKS
from solver.core.model import Framework, Target
from solver.core.writers import LOCAL_WHEELS, built_by
from solver.index.conda_level import is_of_the_machine
from solver.index.conda_spec import read_spec
from solver.request.wishes import Source, Wish

_MADE_HERE = re.compile(r"(?m)^# Made by .*`interlock (lock|export)\b")
_SOLUTION = "solution.yaml"


@dataclass(frozen=True)
class Asked:
    """What a lock says itself that its request asked for, frameworks apart."""

    conda: tuple[str, ...]
    pip: tuple[str, ...]


@dataclass(frozen=True)
class LockBehind:
    """The lock that a file is of."""

    target: Target
    """Without a driver where nothing in it asks for a GPU."""
    asked: Asked | None
    """None: nothing beside the file says."""


@dataclass(frozen=True)
class _Pinned:
    """A framework as the lock has it."""

    name: Framework
    distribution: str
    version: str
    where: str
    index: str = ""
    """The address of the index that its wheel comes from; empty: it has none of its own."""
    of_conda: bool = False


def is_of_a_lock(text: str) -> bool:
    """Whether the head of a file says that it was made of, or as a part of, a lock of ours."""
    head = text.partition("\n\n")[0].splitlines()[:10]
    return any(map(_MADE_HERE.match, head))


def asked_for(source: Source, lock: LockBehind) -> Source:
    """``source`` less what was chosen: python, the frameworks in their versions, their companions in any.

    What somebody wrote into the file since, which is no pin, stays.
    """
    frameworks = _frameworks(source)
    of_conda = any(one.of_conda for one in frameworks)
    where = f"{source.file}: {_SOLUTION}"
    conda, pip = (lock.asked.conda, lock.asked.pip) if lock.asked else ((), ())
    return replace(
        source,
        conda=(*_written(source.conda), *(Wish(text, where) for text in conda)),
        pip=(
            *(line for one in frameworks for line in _wishes(one)),
            *_companions(source),
            *(entry for entry in source.pip if not _is_locked(entry.text)),
            *(Wish(text, where, known=True) for text in pip),
        ),
        python=source.python or f"=={lock.target.python}",
        flavour="conda" if of_conda else source.flavour,
        target=lock.target,
        told=(*source.told, _told(source, lock)),
    )


def _told(source: Source, lock: LockBehind) -> str:
    kept = "python, frameworks, their companions, variables"
    if lock.asked is not None:
        kept += f" and what {_SOLUTION} says was asked for are carried over; all else was chosen with them"
    else:
        kept += " are carried over; what else was asked for stands in the environment.yml.in that the lock was made of"
    return f"{source.file}: is of a lock: {kept}"


def _frameworks(source: Source) -> Sequence[_Pinned]:
    """Each framework once, in the distribution that is asked for by its own name where that is there."""
    found: dict[Framework, _Pinned] = {}
    for one in (*_of_conda(source.conda), *_of_pip(source.pip)):
        found.setdefault(one.name, one)
    return tuple(found.values())


def _of_conda(wishes: Sequence[Wish]) -> Iterator[_Pinned]:
    for wish in wishes:
        spec = read_spec(wish.text)
        for entry in FRAMEWORKS.values():
            if entry.from_conda and spec is not None and spec.name == entry.conda and spec.build:
                yield _Pinned(entry.name, entry.distributions[0], spec.version or "", wish.where, of_conda=True)


def _of_pip(wishes: Sequence[Wish]) -> Iterator[_Pinned]:
    by_name = {name: (wish, pin) for wish in wishes for name, pin in _pins(wish)}
    for entry in FRAMEWORKS.values():
        # Without a plugin it is there because another package asks for it.
        asked = not entry.plugins or any(plugin in by_name for plugin in entry.plugins.values())
        for distribution in entry.distributions if asked else ():
            if distribution in by_name:
                wish, pin = by_name[distribution]
                index = (pin.url or "").rpartition("/")[0]
                yield _Pinned(entry.name, distribution, _version(pin), wish.where, index)


def _version(pin: Requirement) -> str:
    if pin.url is None:
        return str(pin.specifier).removeprefix("==")
    return names.wheel(names.wheel_of_address(pin.url, canonicalize_name(pin.name))).version


def _pins(wish: Wish) -> Iterator[tuple[str, Requirement]]:
    """The pin of a line for pip, by its name; nothing where it is none."""
    if _is_locked(wish.text) and not wish.text.startswith("-"):
        try:
            pin = Requirement(wish.text.partition(" --hash")[0])
        except InvalidRequirement:
            return
        yield canonicalize_name(pin.name), pin


def _is_locked(line: str) -> bool:
    """Whether a line for pip is one that a lock has: a pin with its hashes, or an option for wheels and builds."""
    return " --hash" in line or line == LOCAL_WHEELS or built_by(line) is not None


def _wishes(one: _Pinned) -> Iterator[Wish]:
    if one.index:
        yield Wish(f"--extra-index-url {one.index}", one.where)
    yield Wish(f"{one.distribution}=={one.version}", one.where)


def _companions(source: Source) -> Iterator[Wish]:
    for wish in source.conda:
        spec = read_spec(wish.text)
        if spec is not None and spec.build and spec.name in COMPANIONS:
            yield Wish(spec.name, wish.where)
    for wish in source.pip:
        yield from (Wish(name, wish.where) for name, _ in _pins(wish) if name in COMPANIONS)


def _written(wishes: Sequence[Wish]) -> Iterator[Wish]:
    """What of the conda half is no pin of a build; python in any case."""
    for wish in wishes:
        spec = read_spec(wish.text)
        chosen = spec is not None and bool(spec.build) and spec.name != "python"
        if not chosen and not is_of_the_machine(wish.text):
            yield wish
