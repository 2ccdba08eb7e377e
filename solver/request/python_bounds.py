"""Bounds on python as other tools write them, as bounds on its major.minor."""

from __future__ import annotations

from collections.abc import Sequence

from packaging.specifiers import Specifier

from solver.core.target import OLDEST_PYTHON


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
