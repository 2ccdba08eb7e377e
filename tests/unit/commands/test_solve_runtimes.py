"""Of a torch that carries its CUDA and cuDNN, solve, explain, lock, audit, prediction and freshness tell the same."""

from __future__ import annotations

import pytest
from paths import ROOT
from small_project import made, project_with

from solver.audit.inputs import read_given
from solver.audit.run import audit
from solver.commands.explain import explain
from solver.commands.freshness import rows_used
from solver.commands.project import open_project
from solver.commands.solve import solve_request
from solver.core.answer import Answer
from solver.core.errors import Unsolvable
from solver.core.model import Target
from solver.proof.predict import predict

ASKED = ("torch==1.12.1+cu113", "python==3.9")


@pytest.fixture(scope="module")
def solution():
    return solve_request(ROOT, None, ASKED)


def test_search_explanation_and_prediction_tell_what_lies_in_the_wheel(solution):
    project = open_project(ROOT)
    packages = {str(pin.name): pin.version for pin in solution.pins}
    foretold = predict(packages, "8.0", "535.104.05", project.matrices).loaded
    assert (solution.axes["cuda"], solution.axes["cudnn"]) == ("11.3", "8.3.2.44")
    assert explain(ROOT, None, ASKED).outcome.axes == solution.axes
    assert (foretold.cuda, foretold.cudnn) == ("11.3", "8.3.2")
    toolkits = {row.id for row in project.matrices.toolkits} & rows_used(project.matrices, solution).keys()
    assert toolkits == {"cuda-11.3"}


def test_the_audit_judges_a_gpu_by_the_cudnn_in_the_wheel():
    project, target = open_project(ROOT), Target(python="3.9", driver="580.65.06", gpus=("12.0",))
    text = read_given("torch==1.12.1+cu113\n", "requirements.txt", ROOT, target)
    whys = [finding.why for finding in audit(text, project.matrices, project.index, target)]
    assert [why.partition(",")[0] for why in whys if "cuDNN" in why] == ["torch==1.12.1+cu113 carries cuDNN 8.3.2.44"]


@pytest.mark.parametrize(
    ("constraint", "asks"),
    [("cudnn>=9", "cuDNN 8.3.2.44, inside its wheel"), ("cuda==11.8", "CUDA 11.3, inside its wheel")],
)
def test_solve_and_explain_say_no_where_another_is_asked_for(constraint, asks):
    with pytest.raises(Unsolvable) as caught:
        solve_request(ROOT, None, (*ASKED, constraint))
    outcome = explain(ROOT, None, (*ASKED, constraint)).outcome
    assert (caught.value.exit_code, outcome.answer) == (3, Answer.NO)
    assert caught.value.explanation == outcome
    assert [cause.asks for cause in outcome.causes if cause.package == "torch"] == [asks]


def test_the_head_of_a_lock_tells_it(tmp_path):
    def carrying(facts):
        facts["matrices"]["torch"] = {"2.9.1": {"cuda": "12.6", "cudnn": "9.5.1.17", "bundles": True}}
        facts["index"]["torch"] = {"2.9.1": []}

    lock = made(project_with(tmp_path, carrying, {"alone": {"python": "3.12", "frameworks": ["torch"]}}), "alone")
    head = lock.files["requirements.txt"].decode().splitlines()[0]
    assert head == "# alone: torch 2.9.1; CUDA 12.6, cuDNN 9.5.1.17."
