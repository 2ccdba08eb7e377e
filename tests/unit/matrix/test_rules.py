"""What a rule means: when it holds, what breaks it, and what nobody knows."""

from __future__ import annotations

import pytest

from solver.core.answer import NOT_KNOWN, Answer
from solver.core.model import Target
from solver.matrix.place import Place
from solver.matrix.rows import Rule
from solver.matrix.rules import Breach, Offence, broken, hard_rules, holds, holds_of_conda, joint_rules

LINUX = Place("linux-64", "3.12", "550.54.14", ("9.0", "12.0"))
NOBODY = Place("linux-64")


def rule(**fields):
    plain = {"id": "r", "source": "s", "code": "c", "severity": "error", "when": {"app": "<2"}, "why": "w", "cure": "c"}
    return Rule(**{**plain, **fields})


@pytest.mark.parametrize(
    ("fields", "place", "expected"),
    [
        ({}, LINUX, Answer.YES),
        ({"platforms": ("win-64",)}, LINUX, Answer.NO),
        ({"platforms": ("linux-64", "win-64")}, LINUX, Answer.YES),
        ({"pythons": "<3.12"}, LINUX, Answer.NO),
        ({"pythons": ">=3.12"}, LINUX, Answer.YES),
        ({"pythons": ">=3.12"}, NOBODY, Answer.NOT_KNOWN),
        ({"gpus": ">=12"}, LINUX, Answer.YES),
        ({"gpus": ">=10,<12"}, LINUX, Answer.NO),
        ({"gpus": ">=12"}, NOBODY, Answer.NOT_KNOWN),
        ({"driver": "<560"}, LINUX, Answer.YES),
        ({"driver": ">=560"}, LINUX, Answer.NO),
        ({"driver": ">=560"}, NOBODY, Answer.NOT_KNOWN),
        # Without a driver there is no GPU, and nothing of a driver to go wrong.
        ({"driver": "<560"}, Place("linux-64", "3.12", None), Answer.NO),
        ({"gpus": ">=3"}, Place("linux-64", "3.12", None), Answer.NO),
        # What is surely elsewhere needs no answer to the rest.
        ({"gpus": ">=12", "platforms": ("win-64",)}, NOBODY, Answer.NO),
    ],
)
def test_where_a_rule_holds(fields, place, expected):
    assert holds(rule(**fields), {"app": "1"}, place) is expected


@pytest.mark.parametrize(
    ("versions", "expected"),
    [
        ({"app": "1.5"}, Answer.YES),
        ({"app": "2.0rc1"}, Answer.NO),
        ({"app": "2"}, Answer.NO),
        ({"other": "1"}, Answer.NO),
        ({"app": NOT_KNOWN}, Answer.NOT_KNOWN),
        ({"app": "nightly"}, Answer.NOT_KNOWN),
    ],
)
def test_for_which_set_a_rule_holds(versions, expected):
    assert holds(rule(), versions, LINUX) is expected


def test_a_rule_about_any_version_holds_for_one_that_nobody_said():
    assert holds(rule(when={"app": ""}), {"app": NOT_KNOWN}, LINUX) is Answer.YES


def test_a_target_names_a_driver_and_gpus_or_does_not():
    assert Place.of(Target(driver="580", gpus=("9.0",))) == Place("linux-64", "3.12", "580", ("9.0",))
    assert Place.of(Target(driver="580"), driver_named=False) == Place("linux-64", "3.12")
    assert Place.of(Target(driver=None)) == Place("linux-64", "3.12", None)


@pytest.mark.parametrize(
    ("needs", "versions", "offences"),
    [
        ({"tool": "<5"}, {"tool": "5"}, (Offence("tool", "5", "<5"),)),
        ({"tool": "<5"}, {"tool": "4"}, None),
        ({"tool": "<5"}, {}, None),
        ({"tool": "<5"}, {"tool": NOT_KNOWN}, None),
        ({"tool": "!"}, {"tool": NOT_KNOWN}, (Offence("tool", NOT_KNOWN, "!"),)),
        (
            {"tool": "!", "part": ">=2"},
            {"tool": "1", "part": "1"},
            (Offence("tool", "1", "!"), Offence("part", "1", ">=2")),
        ),
    ],
)
def test_what_breaks_a_rule(needs, versions, offences):
    one = rule(needs=needs)
    expected = [] if offences is None else [Breach(one, offences)]
    assert list(broken([one], {"app": "1", **versions}, LINUX)) == expected


def test_what_a_rule_expects_and_is_not_there_is_missing():
    one = rule(expects=("part", "tool"))
    assert list(broken([one], {"app": "1", "tool": "1"}, LINUX)) == [Breach(one, (), ("part",))]


def test_a_rule_that_asks_for_nothing_is_broken_where_it_holds():
    one = rule(when={"app": "", "tool": "", "part": ""})
    (breach,) = broken([one], {"app": "1", "tool": "1", "part": "1"}, LINUX)
    assert breach == Breach(one)
    assert breach.pairs == {frozenset(pair) for pair in (("app", "tool"), ("app", "part"), ("tool", "part"))}


def test_what_nobody_knows_to_hold_is_not_told_as_broken():
    assert list(broken([rule(gpus=">=3"), rule(driver=">=1")], {"app": "1"}, NOBODY)) == []


def test_hard_rules_are_errors_about_one_package_that_surely_hold_here():
    hard = rule(id="b")
    others = [
        rule(id="soft", severity="warning"),
        rule(id="two", when={"app": "", "tool": ""}),
        rule(id="elsewhere", platforms=("win-64",)),
        rule(id="perhaps", gpus=">=3"),
    ]
    assert hard_rules([hard, *others, rule(id="a")], NOBODY) == {"app": (rule(id="a"), hard)}


def test_joint_rules_are_errors_about_several_packages_that_surely_hold_here():
    two = rule(id="b", when={"app": "", "tool": ""})
    others = [
        rule(id="one"),
        rule(id="soft", severity="warning", when=two.when),
        rule(id="far", when=two.when, gpus=">=3"),
    ]
    first = rule(id="a", when={"app": ">=2", "part": "", "tool": ""})
    assert joint_rules([two, *others, first], NOBODY) == {"app": (first, two)}


def test_of_conda_some_rules_hold_some_do_not_and_of_wheels_nobody_knows():
    codes = ("protobuf-runtime", "numpy-abi", "leftover", "missing-part")
    breaches = [Breach(rule(code=code), (Offence("other", "1", "<1"),)) for code in codes]
    of_all = [holds_of_conda(breach, lambda name: True).value for breach in breaches]
    assert of_all == ["not known", "not known", "no", "yes"]
    assert [holds_of_conda(breach, lambda name: name == "other").value for breach in breaches] == ["yes"] * 4
