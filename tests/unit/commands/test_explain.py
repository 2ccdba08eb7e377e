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


def test_a_profile_without_our_loader_is_told_what_that_costs(root):
    both = '  {}: {{python: "3.12", frameworks: [tensorflow], loader: none{}}}\n'
    (root / "environment.yml.in").write_text(
        REQUEST + both.format("bare", "") + both.format("newest", ", tensorflow: 2.21.0")
    )
    bare = explain(root, "bare", ()).outcome
    assert isinstance(bare, Solution)
    assert (bare.axes["tensorflow"], bare.notes[-1].package) == ("2.20.0", "interlock-loader")
    assert bare.notes[-1].text == "with our loader wheel (loader: wheel) the set would have TensorFlow 2.21.0"
    newest = explain(root, "newest", ()).outcome
    assert isinstance(newest, Explanation)
    assert newest.causes[-1].asks.startswith("may not be chosen: it does not find cusolver by itself, and loader: none")
    assert newest.note.startswith("with our loader wheel (loader: wheel) the set would have python 3.12, CUDA 12.")
