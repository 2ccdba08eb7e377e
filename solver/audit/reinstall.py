"""How the package that stays is put back whole, in the words of the tool whose file it is."""

from __future__ import annotations

from collections.abc import Mapping

from solver.audit.package_set import Package, SetKind

_PIP = "pip install --force-reinstall --no-deps {pin}"
_COMMANDS: Mapping[SetKind, str] = {
    "uv.lock": "uv sync --reinstall-package {name}",
    "poetry.lock": f"poetry run {_PIP}",
    "Pipfile.lock": f"pipenv run {_PIP}",
    "pdm.lock": "pdm sync --reinstall",
    "pixi": "pixi reinstall {name}",
}
"""By what the set was read from; whatever else it is, pip installs it."""


def reinstalling(kind: SetKind, package: Package) -> str:
    """Why and how ``package`` is installed again once its twin is gone."""
    command = _COMMANDS.get(kind, _PIP).format(name=package.name, pin=package.pin)
    return f"where both were installed, `{command}` puts back what an uninstall of the other takes with it"
