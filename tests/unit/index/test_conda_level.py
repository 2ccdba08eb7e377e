"""conda-forge's package of a processor's level: what records ask of it, and what a target answers."""

from __future__ import annotations

import pytest
from conda_repodata import entry

from solver.core.answer import NOT_KNOWN
from solver.index.conda_level import askers, is_of_the_machine, level_of, level_spec, level_version
from solver.index.conda_record import from_repodata


def records(*depends):
    made = (entry(f"p{number}", "1.0", depends=[spec]) for number, spec in enumerate(depends))
    return [from_repodata(fields, "https://c.example/forge", name, inferred=False) for name, fields in made]


@pytest.mark.parametrize(
    ("depends", "level"),
    [
        (("numpy >=2",), NOT_KNOWN),
        ((), NOT_KNOWN),
        (("_x86_64-microarch-level >=3",), "x86-64-v3"),
        (("_x86_64-microarch-level >=1", "_x86_64-microarch-level >=3"), "x86-64-v3"),
        (("_x86_64-microarch-level >=2,<4",), "x86-64-v2"),
        (("_x86_64-microarch-level",), "x86-64"),
        (("_x86_64-microarch-level 4.*",), "x86-64-v4"),
        # Of a level that no processor has, nothing is known.
        (("_x86_64-microarch-level >=9",), NOT_KNOWN),
        (("_ppc64le-microarch-level >=9",), NOT_KNOWN),
    ],
)
def test_the_level_is_the_oldest_that_all_are_content_with(depends, level):
    assert level_of(records(*depends)) == level


def test_who_was_built_for_a_level():
    made = records("numpy", "_x86_64-microarch-level >=3")
    assert [record.name for record in askers(made)] == ["p1"]


def test_every_machine_from_the_level_on_meets_the_spec():
    assert level_spec("x86-64-v3") == "_x86_64-microarch-level>=3"
    named = {name: level_version(name) for name in ("x86_64", "x86_64_v4", "zen4", "aarch64", None)}
    assert named == {"x86_64": "1", "x86_64_v4": "4", "zen4": None, "aarch64": None, None: None}


@pytest.mark.parametrize(
    ("spec", "answer"),
    [
        ("__glibc>=2.28", True),
        ("__cuda", True),
        ("_x86_64-microarch-level>=3", True),
        ("conda-forge::_x86_64-microarch-level>=3", True),
        ("conda-forge::_openmp_mutex=4.5=20_gnu", False),
        ("python=3.12", False),
    ],
)
def test_what_no_channel_brings(spec, answer):
    assert is_of_the_machine(spec) is answer
