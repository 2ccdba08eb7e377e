"""Bounds on python as other tools write them, as bounds on its major.minor."""

from __future__ import annotations

import re
from collections.abc import Sequence

from packaging.specifiers import InvalidSpecifier, Specifier, SpecifierSet

from solver.core.target import OLDEST_PYTHON
from solver.core.versions import within
from solver.request.draft import Draft


def bound_python(made: Draft, text: str, where: str) -> None:
    """conda's and pip's ways to ask for a python, as bounds on major.minor."""
    bare = re.match(r"[\d.*]+", text)
    try:
        parts = SpecifierSet(f"=={bare[0]}" if bare else text)
    except InvalidSpecifier:
        made.remarks.append(f"{where}: python {text} is not carried over; write python: in the profile")
        return
    bounds = sorted({bound for part in parts if (bound := minor_bound(part))}, reverse=True)
    if not any(within(python, ",".join(bounds)) for python in lockable_pythons()):
        why = f"the oldest that can be locked is {OLDEST_PYTHON}"
        made.remarks.append(f"{where}: python {text} is not carried over: {why}")
        return
    # What every python meets that can be locked bounds nothing.
    bounds = [bound for bound in bounds if not all(within(python, bound) for python in lockable_pythons())]
    made.python = bounds[0].removeprefix("==") if len(bounds) == 1 else ",".join(bounds)


def lockable_pythons() -> Sequence[str]:
    """Every python (major.minor) that a request may name."""
    major, minor = OLDEST_PYTHON.split(".")
    return [f"{major}.{number}" for number in range(int(minor), 100)]


def minor_bound(part: Specifier) -> str:
    """A bound on python's version as one on its major.minor; empty where that is none."""
    major, minor, *patch = [*part.version.removesuffix(".*").split("."), *([] if "." in part.version else ["0"])]
    if part.operator in ("==", "~=") and minor.isdigit():
        return f"=={major}.{minor}" if part.operator == "==" or patch else f">={major}.{minor},<{int(major) + 1}.0"
    patched = any(number not in ("0", "*") for number in patch)
    if part.operator in ("<", "<="):
        return f"<={major}.{minor}" if patched or part.operator == "<=" else f"<{major}.{minor}"
    return f">={major}.{minor}" if part.operator in (">=", ">") else ""
