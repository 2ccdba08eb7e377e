"""explain searches a profile or requirements alone, and tells of a stack where it is asked to."""

from __future__ import annotations

import pytest
from user_folder import REQUEST

from solver.commands.explain import explain
from solver.core.errors import BadInput
from solver.core.model import Explanation, Solution

STACKED = '  stacked: {python: "3.12", frameworks: [torch], torch: "2.9.1", stack: {torch: "2.9.1", cuda: ">=12.2"}}\n'


@pytest.fixture
def root(tmp_path):
    (tmp_path / "environment.yml.in").write_text(REQUEST + STACKED)
    return tmp_path


def test_requirements_alone_need_no_project(tmp_path):
    verdict = explain(tmp_path, None, ("torch==2.9.1", "python==3.12"))
    assert (verdict.profile, verdict.stack) == ("ad hoc", ())
    assert isinstance(verdict.outcome, Solution)
    assert verdict.outcome.axes["torch"] == "2.9.1"


def test_a_profile_takes_further_requirements(root):
    verdict = explain(root, "small", ("torch==2.15.0",))
    assert verdict.profile == "small"
    assert isinstance(verdict.outcome, Explanation)
    assert verdict.outcome.causes[0].asks == "torch==2.9.1,==2.15.0"


def test_a_stack_is_told_where_it_is_asked_for(root):
    assert explain(root, "stacked", ()).stack == ()
    assert explain(root, "small", (), with_stack=True).stack == ()
    lines = explain(root, "stacked", (), with_stack=True).stack
    assert lines[:3] == (
        "stacked: what this lock makes of the published pins",
        "  torch 2.9.1: kept",
        "  cuda >=12.2: kept, as 12.8",
    )


def test_a_profile_that_is_not_there(root):
    with pytest.raises(BadInput, match="there is no profile big"):
        explain(root, "big", ())
