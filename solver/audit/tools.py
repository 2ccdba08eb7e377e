"""How a package goes and how another is put back whole, in the words of the tool whose file the set is."""

from __future__ import annotations

from collections.abc import Sequence

from solver.audit.package_set import Package
from solver.audit.phrases import listed
from solver.audit.set_kinds import KINDS, SetKind
from solver.core.spelling import command_line


def reinstalling(kind: SetKind, *packages: Package) -> str:
    """Why and how ``packages`` are installed again once their twins are gone."""
    names, pins = " ".join(one.name for one in packages), command_line(*map(_as_requirement, packages))
    command = KINDS[kind].reinstall.format(name=names, pin=pins)
    return f"where both were installed, `{command}` puts back what an uninstall of the other takes with it"


def _as_requirement(package: Package) -> str:
    """What an installer is told to put the very same back: where it was fetched from counts."""
    return package.pin if package.url is None else f"{package.name} @ {package.url}"


def taking_out(kind: SetKind, packages: Sequence[Package]) -> str:
    """What to do about packages that nothing else asks for."""
    names = [package.name for package in packages]
    command = KINDS[kind].take_out
    if command is not None and all(package.from_index for package in packages):
        return f"take {listed(names)} out (`{command.format(name=' '.join(names))}`)"
    lines = [f"line {package.line}" for package in packages if package.line is not None]
    return f"take {listed(names)} out" + (f" ({listed(lines)})" if lines else "")


def adding(kind: SetKind, what: str) -> str:
    """How a requirement is added, where the tool has a command for it."""
    command = KINDS[kind].add
    return f"install {what}" if command is None else f"install {what} (`{command.format(what=command_line(what))}`)"
