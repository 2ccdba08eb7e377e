"""The names of variant wheels (PEP 825): a label behind the platform tag says for which machines a wheel is.

What a label stands for is told by ``<name>-<version>-variants.json`` beside the wheels. pip takes no wheel of such a
name: none is chosen, and a release that has other files, too, is not harmed by them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_LABEL = re.compile(r"[0-9a-z_.]{1,16}")
_WHEEL = ".whl"
_PLAIN, _WITH_BUILD = 5, 6
"""Parts of the name of a wheel: a build begins with a digit, as no python tag does."""


def variant_label(filename: str) -> str | None:
    """The label of a variant wheel; None of any other file."""
    parts = filename.removesuffix(_WHEEL).split("-")
    if not filename.endswith(_WHEEL) or len(parts) <= _PLAIN:
        return None
    plain = _WITH_BUILD if parts[2][:1].isdigit() else _PLAIN
    return parts[-1] if len(parts) == plain + 1 and _LABEL.fullmatch(parts[-1]) else None


def variant_labels(filenames: Iterable[str]) -> tuple[str, ...]:
    """The labels of the variant wheels among some files, sorted."""
    return tuple(sorted({label for name in filenames if (label := variant_label(name)) is not None}))


def without_label(filename: str) -> str:
    """The name that a wheel of the same tags has which is no variant; any other name as it is."""
    label = variant_label(filename)
    return filename if label is None else f"{filename.removesuffix(f'-{label}{_WHEEL}')}{_WHEEL}"
