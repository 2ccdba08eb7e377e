"""Findings of several sets of one file."""

from __future__ import annotations

from solver.audit.merge import in_parts
from solver.audit.report import as_json, as_lines
from solver.core.model import Finding


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
