"""Findings of several sets of one file."""

from __future__ import annotations

from solver.audit.merge import in_parts
from solver.audit.report import as_json, as_lines
from solver.core.model import Finding, pypi_name


def _finding(code, severity="warning"):
    return Finding(code=code, severity=severity, packages=("six==1",), why="why", source="source", cure="cure")


def test_a_finding_of_several_sets_is_told_once_with_their_names():
    everywhere, some, one = _finding("b"), _finding("c"), _finding("a", "error")
    merged = in_parts({"": (everywhere,), "extra gpu": (everywhere, some, one), "group docs": (some, everywhere)})
    assert [(finding.code, finding.parts) for finding in merged] == [
        ("a", ("extra gpu",)),
        ("b", ()),
        ("c", ("extra gpu", "group docs")),
    ]
    assert as_json(merged)["findings"][2]["parts"] == ["extra gpu", "group docs"]
    assert list(as_lines(merged[:1], "nothing")) == [
        "error a: six==1",
        "    in: extra gpu",
        "    why: why",
        "    cure: cure",
        "    source: source",
        "1 error",
    ]


def test_what_the_plain_set_alone_has_is_named_so():
    (finding,) = in_parts({"": (_finding("a"),), "extra gpu": ()})
    assert finding.parts == ("the plain set",)


def _gap(*names):
    why = f"nobody recorded what {' and '.join(names)} ask for"
    pins = tuple(f"{name}==1" for name in names)
    return Finding(
        code="metadata",
        severity="note",
        packages=pins,
        names=tuple(map(pypi_name, names)),
        why=why,
        lacking=names,
        source="the recorded index",
        cure="ask",
    )


def test_what_nobody_recorded_of_several_sets_is_told_as_one():
    merged = in_parts({"": (_gap("a"),), "extra x": (_gap("a", "b"),), "extra y": (_gap("c"),), "extra z": ()})
    assert [(one.packages, one.why, one.parts) for one in merged] == [
        (
            ("a==1", "b==1", "c==1"),
            "nobody recorded what a, b and c ask for",
            ("the plain set", "extra x", "extra y"),
        )
    ]


def test_many_packages_of_a_finding_are_counted_for_people_alone():
    many = _gap(*(f"p{number:02}" for number in range(30)))
    assert next(iter(as_lines([many], "nothing"))).endswith(", p17==1, p18==1 and 11 more")
    assert len(as_json([many])["findings"][0]["packages"]) == 30
