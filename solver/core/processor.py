"""Levels of x86-64 processors, and the level of this one.

The levels are those of the x86-64 psABI (gitlab.com/x86-psABIs/x86-64-ABI, chapter "Micro-Architecture Levels");
conda asks archspec for them, which calls them x86_64_v2 and so on.
"""

from __future__ import annotations

from pathlib import Path

from solver.core.answer import NOT_KNOWN, NotKnown
from solver.core.model import PROCESSORS, Processor

CPUINFO = Path("/proc/cpuinfo")

# What Linux calls the features that each level adds; lzcnt is "abm", SSE3 is "pni", OSXSAVE shows as "xsave".
_ADDED: tuple[frozenset[str], ...] = (
    frozenset({"cmov", "cx8", "fpu", "fxsr", "mmx", "sse", "sse2"}),
    frozenset({"cx16", "lahf_lm", "popcnt", "pni", "sse4_1", "sse4_2", "ssse3"}),
    frozenset({"abm", "avx", "avx2", "bmi1", "bmi2", "f16c", "fma", "movbe", "xsave"}),
    frozenset({"avx512bw", "avx512cd", "avx512dq", "avx512f", "avx512vl"}),
)


def number(processor: Processor) -> int:
    """1 for x86-64, 3 for x86-64-v3."""
    return PROCESSORS.index(processor) + 1


def of_number(level: int) -> Processor:
    """The inverse of ``number``."""
    return PROCESSORS[level - 1]


def archspec_name(processor: Processor) -> str:
    """As conda's ``__archspec`` calls it."""
    return processor.replace("-", "_")


def of_archspec(name: str) -> Processor | NotKnown:
    """The level that archspec calls so; not known of one model of a processor, such as zen4."""
    return next((one for one in PROCESSORS if archspec_name(one) == name), NOT_KNOWN)


def this_processor(cpuinfo: Path | None = None) -> Processor | NotKnown:
    """The level of this machine's processor, as Linux tells its features; not known elsewhere."""
    try:
        text = (CPUINFO if cpuinfo is None else cpuinfo).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return NOT_KNOWN
    lines = (line.partition(":") for line in text.splitlines())
    has = next((frozenset(value.split()) for key, _, value in lines if key.strip() == "flags"), frozenset[str]())
    level = next((level for level, added in enumerate(_ADDED) if not added <= has), len(_ADDED))
    return of_number(level) if level else NOT_KNOWN
