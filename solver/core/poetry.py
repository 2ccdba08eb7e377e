"""Poetry's constraints in the words of PEP 440."""

from __future__ import annotations

import re

_PART = re.compile(r"(?P<sign>\^|~(?!=)|~=|[<>=!]=?|)\s*(?P<version>\d[\w.*+!-]*)")


def poetry_specifier(constraint: str) -> str:
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
