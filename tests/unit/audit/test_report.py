"""The forms of an audit's outcome."""

from __future__ import annotations

import json

import pytest
from msgspec import structs

from solver.audit.report import as_json, as_lines, tally
from solver.core.model import Finding

ERROR = Finding(
    code="loader",
    severity="error",
    packages=("tensorflow==2.21.0",),
    why="it does not look in " + "a very long way off " * 6 + "and ends here",
    source="the RUNPATH",
    cure="install interlock-loader",
    paths=("nvidia/cusolver/lib/libcusolver.so.11",),
    row="tensorflow-2.21.0",
)
WARNING = Finding(code="leftover", severity="warning", packages=("a==1",), why="w", source="s", cure="c")
NOTE = Finding(code="unknown", severity="note", packages=("a==1",), why="w", source="s", cure="c")


def test_json_has_the_promised_keys_and_paths_where_there_are_some():
    assert as_json([NOTE]) == {
        "findings": [
            {
                "id": "unknown",
                "code": "unknown",
                "severity": "note",
                "packages": ["a==1"],
                "why": "w",
                "source": "s",
                "cure": "c",
            }
        ]
    }
    assert as_json([ERROR])["findings"][0]["paths"] == ["nvidia/cusolver/lib/libcusolver.so.11"]
    assert as_json([]) == {"findings": []}
    json.dumps(as_json([ERROR, WARNING]))


def test_what_is_accepted_is_told_with_the_reason_and_fails_nothing():
    accepted = structs.replace(NOTE, names=("b", "a"), accepted="nobody uses it")
    assert list(as_lines([WARNING, accepted], "nothing"))[-6:] == [
        "accepted note unknown: a==1",
        "    accepted: nobody uses it",
        "    why: w",
        "    cure: c",
        "    source: s",
        "1 warning, 1 accepted",
    ]
    entry = as_json([accepted])["findings"][0]
    assert (entry["id"], entry["accepted"]) == ("unknown/a+b", "nobody uses it")


def test_lines_keep_to_the_width():
    lines = list(as_lines([ERROR, WARNING], "nothing", width=60))
    assert lines[0] == "error loader: tensorflow==2.21.0"
    assert lines[1] == "    why: it does not look in a very long way off a very long"
    assert "    cure: install interlock-loader" in lines
    assert lines[-1] == "1 error, 1 warning"
    assert max(map(len, lines)) <= 60


def test_without_findings_stands_what_was_given_for_that():
    assert list(as_lines([], "nothing found: 2 packages checked", width=60)) == ["nothing found: 2 packages checked"]


@pytest.mark.parametrize(
    ("findings", "said"),
    [
        ([WARNING, WARNING], "2 warnings"),
        ([ERROR, ERROR, WARNING], "2 errors, 1 warning"),
        ([ERROR, NOTE, WARNING, NOTE], "1 error, 1 warning, 2 notes"),
    ],
)
def test_the_tally(findings, said):
    assert tally(findings) == said
