"""How a package goes and how another is put back whole, in the words of the tool whose file the set is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from solver.audit.package_set import Package, SetKind
from solver.audit.phrases import listed

_PIP = "pip install --force-reinstall --no-deps {pin}"
_INSTALL_AGAIN: Mapping[SetKind, str] = {
    "uv.lock": "uv sync --reinstall-package {name}",
    "poetry.lock": f"poetry run {_PIP}",
    "Pipfile.lock": f"pipenv run {_PIP}",
    "Pipfile": f"pipenv run {_PIP}",
    "pdm.lock": "pdm sync --reinstall",
    "pixi": "pixi reinstall {name}",
}
"""By what the set was read from; whatever else it is, pip installs it."""
_TAKE_OUT: Mapping[SetKind, str] = {
    "uv.lock": "uv remove {name}",
    "poetry.lock": "poetry remove {name}",
    "Pipfile.lock": "pipenv uninstall {name}",
    "Pipfile": "pipenv uninstall {name}",
    "pdm.lock": "pdm remove {name}",
    "pixi": "pixi remove --pypi {name}",
    "freeze": "pip uninstall {name}",
    "pip list": "pip uninstall {name}",
    "pip inspect": "pip uninstall {name}",
    "conda list": "pip uninstall {name}",
    "prefix": "pip uninstall {name}",
}
"""By what the set was read from; of any other file a line goes."""
_ADD: Mapping[SetKind, str] = {
    "uv.lock": "uv add '{what}'",
    "poetry.lock": "poetry add '{what}'",
    "Pipfile.lock": "pipenv install '{what}'",
    "Pipfile": "pipenv install '{what}'",
    "pdm.lock": "pdm add '{what}'",
    "pixi": "pixi add --pypi '{what}'",
    "freeze": "pip install '{what}'",
    "pip list": "pip install '{what}'",
    "pip inspect": "pip install '{what}'",
    "conda list": "pip install '{what}'",
    "prefix": "pip install '{what}'",
}


def reinstalling(kind: SetKind, *packages: Package) -> str:
    """Why and how ``packages`` are installed again once their twins are gone."""
    names, pins = (" ".join(each) for each in ([one.name for one in packages], [one.pin for one in packages]))
    command = _INSTALL_AGAIN.get(kind, _PIP).format(name=names, pin=pins)
    return f"where both were installed, `{command}` puts back what an uninstall of the other takes with it"


def taking_out(kind: SetKind, packages: Sequence[Package]) -> str:
    """What to do about packages that nothing else asks for."""
    names = [package.name for package in packages]
    command = _TAKE_OUT.get(kind)
    if command is not None and all(package.origin == "pypi" for package in packages):
        return f"take {listed(names)} out (`{command.format(name=' '.join(names))}`)"
    lines = [f"line {package.line}" for package in packages if package.line is not None]
    return f"take {listed(names)} out" + (f" ({listed(lines)})" if lines else "")


def adding(kind: SetKind, what: str) -> str:
    """How a requirement is added, where the tool has a command for it."""
    command = _ADD.get(kind)
    return f"install {what}" if command is None else f"install {what} (`{command.format(what=what)}`)"
