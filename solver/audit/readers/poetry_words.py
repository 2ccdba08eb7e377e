"""Poetry's own tables in a pyproject.toml, and its constraints in the words of PEP 440."""

from __future__ import annotations

import re
from collections.abc import Mapping

from msgspec import field

from solver.audit.readers.foreign import Hyphened

_PART = re.compile(r"(?P<sign>\^|~(?!=)|~=|[<>=!]=?|)\s*(?P<version>\d[\w.*+!-]*)")


class _Entry(Hyphened, frozen=True, kw_only=True):
    """One dependency that is more than a constraint."""

    version: str = "*"
    extras: tuple[str, ...] = ()
    markers: str | None = None
    optional: bool = False
    url: str | None = None
    git: str | None = None
    path: str | None = None


_Said = str | _Entry | tuple[_Entry, ...]


class _Group(Hyphened, frozen=True, kw_only=True):
    dependencies: dict[str, _Said] = field(default_factory=dict)


class Poetry(Hyphened, frozen=True, kw_only=True):
    """``[tool.poetry]``."""

    dependencies: dict[str, _Said] = field(default_factory=dict)
    group: dict[str, _Group] = field(default_factory=dict)
    extras: dict[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def python(self) -> str | None:
        """The specifier of the pythons that it admits; None where it says none."""
        said = self.dependencies.get("python")
        return specifier_of(said) or None if isinstance(said, str) else None

    @property
    def extra_requirements(self) -> Mapping[str, tuple[str, ...]]:
        """The requirements of each extra, which are optional ones of the dependencies."""
        return {
            extra: tuple(
                text for name in names if name in self.dependencies for text in _texts(name, self.dependencies[name])
            )
            for extra, names in self.extras.items()
        }


def requirements_of(dependencies: Mapping[str, _Said]) -> tuple[str, ...]:
    """What is asked for in any case, as PEP 508's requirements."""
    return tuple(
        text
        for name, said in dependencies.items()
        if name != "python" and not (isinstance(said, _Entry) and said.optional)
        for text in _texts(name, said)
    )


def _texts(name: str, said: _Said) -> tuple[str, ...]:
    entries = (_Entry(version=said),) if isinstance(said, str) else said if isinstance(said, tuple) else (said,)
    return tuple(_text(name, entry) for entry in entries)


def _text(name: str, entry: _Entry) -> str:
    extras = f"[{','.join(entry.extras)}]" if entry.extras else ""
    address = entry.url or entry.git or entry.path
    what = f" @ {address if '://' in address else 'file:///' + address}" if address else specifier_of(entry.version)
    return f"{name}{extras}{what}" + (f" ; {entry.markers}" if entry.markers else "")


def specifier_of(constraint: str) -> str:
    """A constraint of poetry's as a PEP 440 specifier; empty where it admits everything, or alternatives."""
    if "|" in constraint:
        return ""
    return ",".join(clause for part in constraint.split(",") if (clause := _clause(part.strip())))


def _clause(part: str) -> str:
    said = _PART.fullmatch(part)
    if said is None:
        return ""
    sign, version = said["sign"], said["version"]
    if sign not in ("^", "~"):
        return f"{sign or '=='}{version}"
    numbers = [int(number) for number in re.findall(r"\d+", version.partition("+")[0])][:3]
    # ^ keeps the first number that is not zero, ~ all but the last of three
    # (python-poetry.org/docs/dependency-specification).
    kept = next((at for at, number in enumerate(numbers) if number), len(numbers) - 1)
    kept = kept if sign == "^" else min(1, len(numbers) - 1)
    bound = [*numbers[:kept], numbers[kept] + 1]
    return f">={version},<{'.'.join(map(str, bound))}"
