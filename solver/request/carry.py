"""A request made of what another tool's file asks for; what does not stand in it as it was is told line by line."""

from __future__ import annotations

import re
import unicodedata

from solver.core import names
from solver.request.carry_conda import carry_package
from solver.request.carry_pip import carry_index_option, carry_requirement
from solver.request.draft import CondaWorld, Draft
from solver.request.python_bounds import bound_python
from solver.request.wishes import Source

_NO_CHANNELS = {"nodefaults": "it is no channel, and of none but those that are named anything is taken"}


def draft_of(source: Source, name: str, world: CondaWorld) -> Draft:
    """``source`` as a request called ``name`` where the file itself has no name."""
    made = Draft(
        name=_plain(source.name or name), flavour=source.flavour, target=source.target, remarks=list(source.told)
    )
    if source.name and made.name != source.name:
        why = "a name has letters from a to z, digits and ._-"
        made.remarks.append(f"{source.file}: name {source.name} is carried over as {made.name}: {why}")
    _variables(made, source)
    _channels(made, source, world)
    if source.python is not None:
        bound_python(made, source.python, f"{source.file}: python")
    for entry in source.conda:
        carry_package(made, entry, world)
    options = [carry_index_option(made, entry) for entry in source.pip]
    for entry, is_option in zip(source.pip, options, strict=True):
        if not is_option:
            carry_requirement(made, entry)
    _settle_cpu(made)
    return made


def _channels(made: Draft, source: Source, world: CondaWorld) -> None:
    for written in source.channels:
        channel = world.named(written)
        why = _NO_CHANNELS.get(channel, "" if world.holds(channel, None) else "nothing of it is recorded")
        if why:
            made.remarks.append(f"{source.file}: channel {written} is not carried over: {why}")
        elif channel not in made.channels:
            made.channels.append(channel)
    made.channels = made.channels or ["conda-forge"]


def _plain(name: str) -> str:
    """A name as conda, shells and file systems take it."""
    letters = (letter for letter in unicodedata.normalize("NFKD", name) if not unicodedata.combining(letter))
    return re.sub(r"[^A-Za-z0-9._-]+", "-", "".join(letters)).strip("-.")[:100] or "environment"


def _variables(made: Draft, source: Source) -> None:
    for name, value in source.variables.items():
        try:
            names.variable(name)
        except names.BadName:
            why = "the name of one has letters from a to z, digits and _, and no digit first"
            made.remarks.append(f"{source.file}: variable {names.one_line(name)} is not carried over: {why}")
        else:
            made.variables[name] = value


def _settle_cpu(made: Draft) -> None:
    """Where no framework is left for a GPU, the whole request is for the CPU."""
    made.on_cpu &= made.frameworks.keys()
    without_driver = made.target is not None and made.target.driver is None
    made.cpu = without_driver or (bool(made.frameworks) and made.on_cpu >= made.frameworks.keys())
