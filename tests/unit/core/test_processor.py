"""Levels of processors, as Linux tells their features."""

from __future__ import annotations

import pytest

from solver.core.answer import NOT_KNOWN
from solver.core.model import PROCESSORS
from solver.core.processor import archspec_name, number, of_archspec, of_number, this_processor

FIRST = "fpu cx8 cmov mmx fxsr sse sse2 lm"
SECOND = f"{FIRST} pni ssse3 cx16 sse4_1 sse4_2 popcnt lahf_lm"
THIRD = f"{SECOND} fma movbe xsave avx f16c abm bmi1 avx2 bmi2"
FOURTH = f"{THIRD} avx512f avx512dq avx512cd avx512bw avx512vl"


@pytest.mark.parametrize(
    ("flags", "level"),
    [
        (FIRST, "x86-64"),
        (SECOND, "x86-64-v2"),
        # AVX without AVX2, as processors of 2011 have it.
        (f"{SECOND} avx xsave", "x86-64-v2"),
        (THIRD, "x86-64-v3"),
        (FOURTH, "x86-64-v4"),
        # Of the fourth level's features without one of the third's.
        (FOURTH.replace("movbe ", ""), "x86-64-v2"),
        ("fp asimd evtstrm aes", NOT_KNOWN),
    ],
)
def test_the_level_is_the_newest_whose_features_are_all_there(tmp_path, flags, level):
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text(f"processor\t: 0\nmodel name\t: any\nflags\t\t: {flags}\n\nprocessor\t: 1\nflags\t\t: fpu\n")
    assert this_processor(cpuinfo) == level


def test_a_system_that_does_not_tell_is_not_known(tmp_path):
    assert this_processor(tmp_path / "nothing") is NOT_KNOWN
    (tmp_path / "arm").write_text("processor : 0\nFeatures : fp asimd\n")
    assert this_processor(tmp_path / "arm") is NOT_KNOWN


def test_numbers_and_names_of_levels():
    assert [number(one) for one in PROCESSORS] == [1, 2, 3, 4]
    assert [of_number(number(one)) for one in PROCESSORS] == list(PROCESSORS)
    assert [archspec_name(one) for one in PROCESSORS] == ["x86_64", "x86_64_v2", "x86_64_v3", "x86_64_v4"]
    assert [of_archspec(archspec_name(one)) for one in PROCESSORS] == list(PROCESSORS)
    assert of_archspec("zen4") is NOT_KNOWN
