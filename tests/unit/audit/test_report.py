"""The forms of an audit's outcome."""

from __future__ import annotations

import json

import pytest

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
WARNING = Finding(code="unknown", severity="warning", packages=("a==1",), why="w", source="s", cure="c")


def test_json_has_the_promised_keys_and_paths_where_there_are_some():
    assert as_json([WARNING]) == {
        "findings": [
            {"code": "unknown", "severity": "warning", "packages": ["a==1"], "why": "w", "source": "s", "cure": "c"}
        ]
    }
    assert as_json([ERROR])["findings"][0]["paths"] == ["nvidia/cusolver/lib/libcusolver.so.11"]
    assert as_json([]) == {"findings": []}
    json.dumps(as_json([ERROR, WARNING]))


def test_lines_keep_to_the_width():
    lines = list(as_lines([ERROR, WARNING], width=60))
    assert lines[0] == "error loader: tensorflow==2.21.0"
    assert lines[1] == "    why: it does not look in a very long way off a very long"
    assert "    cure: install interlock-loader" in lines
    assert lines[-1] == "1 error, 1 warning"
    assert max(map(len, lines)) <= 60


@pytest.mark.parametrize(
    ("findings", "said"),
    [([], "nothing found"), ([WARNING, WARNING], "2 warnings"), ([ERROR, ERROR, WARNING], "2 errors, 1 warning")],
)
def test_the_tally(findings, said):
    assert tally(findings) == said
