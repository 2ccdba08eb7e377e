"""One cause is told once."""

from __future__ import annotations

from msgspec import structs

from solver.audit.grouping import by_cause
from solver.core.model import Clause, Finding, pypi_name

MAJORS = {pypi_name(name): major for name, major in (("a-cu12", 12), ("a", 13), ("b-cu12", 12), ("b", 13))}


def finding(code, *pins, severity="error", **fields):
    names = tuple(pypi_name(pin.partition("==")[0]) for pin in pins)
    texts = {"why": f"why {code} {pins[0]}", "source": "s", "cure": f"cure {code}", **fields}
    return Finding(code=code, severity=severity, packages=pins, names=names, **texts)


MIXED = finding("mixed-cuda", "a-cu12==1", "a==2", row="rule")
CLOBBER = finding("clobber", "b-cu12==1", "b==2", paths=("p",))
OTHER = finding("clobber", "x==1", "y==1")


def test_what_libraries_of_two_majors_do_to_one_another_is_one_finding_with_one_cure():
    assert by_cause([MIXED, OTHER, CLOBBER], MAJORS) == (
        OTHER,
        finding(
            "mixed-cuda",
            "a-cu12==1",
            "a==2",
            "b-cu12==1",
            "b==2",
            why="the libraries of CUDA 12 and 13 lie in one environment: "
            "why mixed-cuda a-cu12==1; why clobber b-cu12==1",
            cure="cure clobber",
            paths=("p",),
        ),
    )


def test_builds_of_two_majors_are_of_that_cause_and_a_rule_about_a_framework_stands_alone():
    majors = {**MAJORS, pypi_name("tensorflow"): 12, pypi_name("torch"): 13}
    builds = finding("mixed-cuda", "tensorflow==2", "torch==2")
    rule = finding("mixed-cuda", "a==2", "tensorflow==2", row="healed")
    one, other = by_cause([CLOBBER, builds, rule], majors)
    assert (one, other.packages) == (rule, ("b-cu12==1", "b==2", "tensorflow==2", "torch==2"))


def test_what_several_pairs_do_alike_is_said_once_of_them_all_whatever_words_it_is_made_of():
    def of(*pins, last):
        write = Clause(subject=pins[0], predicate="write; the same paths twice")
        return finding("clobber", *pins, clauses=(write, Clause(predicate=last)))

    every = of("a-cu12==1", "a==2", last="so one wins"), of("b-cu12==1", "b==2", last="so one wins")
    (one,) = by_cause(every, MAJORS)
    said = "a-cu12==1, b-cu12==1 write; the same paths twice; so one wins"
    assert one.why == f"the libraries of CUDA 12 and 13 lie in one environment: {said}"


def test_one_alone_and_what_somebody_accepts_stay_as_they_are():
    accepted = structs.replace(CLOBBER, accepted="it is meant")
    for every in ([MIXED], [MIXED, accepted], [MIXED, structs.replace(CLOBBER, severity="warning")]):
        assert set(by_cause(every, MAJORS)) == set(every)


def test_each_set_of_a_file_has_its_own():
    parted = structs.replace(CLOBBER, parts=("extra gpu",))
    assert set(by_cause([MIXED, parted], MAJORS)) == {MIXED, parted}
