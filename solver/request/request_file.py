"""The file of a request that was drafted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import yaml

from solver.core.answer import NOT_KNOWN, NotKnown
from solver.core.flavours import DEFAULT_FLAVOUR
from solver.core.frameworks import FRAMEWORKS
from solver.core.indexes import INDEXES, is_partial
from solver.core.model import Target
from solver.request.draft import Draft


@dataclass(frozen=True)
class Hardware:
    """Where the locks shall run, as far as somebody said."""

    gpus: tuple[str, ...] = ()
    """Compute capabilities or product names."""
    driver: str | NotKnown = NOT_KNOWN


def request_text(made: Draft, machine: Hardware) -> str:
    """The file of a request with one profile."""
    pip = [f"{name}==${{{name}}}" for name in made.frameworks] + list(made.pip.values())
    data: dict[str, Any] = {"name": made.name, "channels": made.channels}
    data["dependencies"] = ["python=${python}", *made.conda, "pip", {"pip": pip}]
    data |= {"variables": made.variables} if made.variables else {}
    data["profiles"] = {"cpu" if made.cpu else "gpu": _profile(made, machine)}
    return yaml.safe_dump(data, sort_keys=False, allow_unicode=True, width=120)


def _profile(made: Draft, machine: Hardware) -> dict[str, Any]:
    profile: dict[str, Any] = {"flavour": made.flavour} if made.flavour != DEFAULT_FLAVOUR else {}
    profile |= {"python": made.python} if made.python else {}
    # A lock that holds no framework is one all the same; whoever wrote a list by hand may have forgotten them.
    profile |= {"frameworks": []} if made.target is not None and not made.frameworks else {}
    for name, specifier in made.frameworks.items():
        if name in made.on_cpu and not made.cpu:
            profile[name] = {"cuda": "none", **({"version": _bare(specifier)} if specifier else {})}
        elif specifier:
            profile[name] = _bare(specifier)
    # A framework without a distribution for the CPU has its builds for it on an index of its own.
    elsewhere = any(FRAMEWORKS[name].cpu is None for name in made.on_cpu)
    indexes = list(dict.fromkeys((*made.indexes, *(index for index in INDEXES if elsewhere and is_partial(index)))))
    profile |= {"indexes": indexes} if indexes else {}
    profile |= _of_machine(machine) if made.target is None else _of_target(made.target)
    if made.cpu:
        return {**{key: value for key, value in profile.items() if key not in ("gpu", "driver")}, "cuda": "none"}
    return profile


def _of_machine(machine: Hardware) -> dict[str, Any]:
    gpus = {"gpu": list(machine.gpus)} if machine.gpus else {}
    return gpus | ({"driver": f">={machine.driver}"} if machine.driver else {})


def _of_target(target: Target) -> dict[str, Any]:
    """What a target says that no profile means by itself."""
    usual = Target()
    told: dict[str, Any] = {"platform": target.platform} if target.platform != usual.platform else {}
    told |= {"glibc": target.glibc} if target.glibc != usual.glibc else {}
    told |= {"gpu": list(target.gpus)} if target.gpus else {}
    # With GPUs another driver is meant than without them.
    told |= {"driver": f">={target.driver}"} if target.gpus or target.driver != usual.driver else {}
    return told if isinstance(target.cpu, NotKnown) else {**told, "cpu": target.cpu}


def _bare(specifier: str) -> str:
    """One exact version without its operator."""
    return specifier if "," in specifier else specifier.removeprefix("==")
