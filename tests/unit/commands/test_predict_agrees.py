"""Search, audit and prediction judge a set apart from one another, and by one reading of the rows."""

from __future__ import annotations

import pytest
from paths import ROOT

from solver.audit.inputs import read_given, read_set
from solver.audit.run import audit
from solver.commands.project import Project, open_project
from solver.commands.solve import solve_ad_hoc
from solver.core.answer import Answer
from solver.core.errors import Unsolvable
from solver.core.model import Target
from solver.lock.folder import read_folder
from solver.proof.predict import predict
from solver.request.adhoc import ad_hoc

TARGET = Target(python="3.10", driver="535.104.05", gpus=("8.0",))


UNREAD = ("torch: cuDNN 8.5.0.96: nobody read whether it serves compute capability 8.0",)


@pytest.fixture(scope="module")
def project() -> Project:
    return open_project(ROOT)


@pytest.fixture(scope="module")
def around(project):
    """What the search takes to a torch that carries cuDNN 8.5, and our loader; the frameworks apart."""
    solution = solve_ad_hoc(_pair("2.11.1"), project.matrices, project.index)
    return {str(pin.name): pin.version for pin in solution.pins} | {"interlock-loader": "1"}


def _pair(tensorflow):
    return ad_hoc([f"tensorflow=={tensorflow}", "torch==2.0.1+cu117", "python==3.10", "gpu==8.0"])


@pytest.mark.parametrize(
    ("tensorflow", "works", "probes", "why", "said"),
    [
        ("2.11.1", True, (Answer.YES, Answer.NOT_KNOWN, Answer.NOT_KNOWN), [], UNREAD),
        (
            "2.12.1",
            False,
            (Answer.NO, Answer.NO, Answer.NO),
            [
                "tensorflow==2.12.1 was compiled with cuDNN 8.6; the 8.5.0.96 that torch==2.0.1+cu117 carries, which "
                "it gets where torch is imported first, is older"
            ],
            (
                "TensorFlow after torch: it was compiled with cuDNN 8.6, and 8.5.0.96 is older",
                *UNREAD,
                # What stands around it was chosen for 2.11.1.
                "TensorFlow: its generated code imports google.protobuf.internal.builder, "
                "which protobuf has since 3.20",
            ),
        ),
    ],
)
def test_on_the_cudnn_that_torch_carries(project, around, tensorflow, works, probes, why, said):
    packages = {**around, "tensorflow": tensorflow}
    assert _has_solution(project, tensorflow) is works
    text = "".join(f"{name}=={version}\n" for name, version in packages.items())
    findings = audit(read_given(text, "requirements.txt", ROOT, TARGET), project.matrices, project.index, TARGET)
    assert [finding.why for finding in findings if finding.code == "cudnn-older-than-build"] == why
    prediction = predict(packages, "8.0", TARGET.driver, project.matrices, python="3.10")
    named = ("tensorflow", "torch-tensorflow", "tensorflow-torch")
    assert prediction.probes == {"torch": Answer.NOT_KNOWN, **dict(zip(named, probes, strict=True))}
    assert prediction.sentences() == said


def _has_solution(project, tensorflow):
    try:
        solve_ad_hoc(_pair(tensorflow), project.matrices, project.index)
    except Unsolvable as error:
        assert "tensorflow 2.12.1: no torch that carries a cuDNN 8 older than 8.6" in str(error)
        return False
    return True


def test_prediction_and_audit_ask_alike_which_gpus_a_cudnn_serves(project):
    """tf-latest brings a cuDNN that dropped Volta."""
    packages = {str(pin.name): pin.installs for pin in read_folder(ROOT / "locks" / "tf-latest").pins}
    target = Target(driver="580.65.06", gpus=("7.0",))
    text = (ROOT / "locks" / "tf-latest" / "requirements.txt").read_text()
    findings = audit(read_given(text, "requirements.txt", ROOT, target), project.matrices, project.index, target)
    refused = [finding.names for finding in findings if (finding.code, finding.severity) == ("gpu-arch", "error")]
    assert ("nvidia-cudnn-cu12",) in refused
    prediction = predict(packages, "7.0", "580.65.06", project.matrices)
    assert set(prediction.probes.values()) == {Answer.NO}
    assert predict(packages, "9.0", "580.65.06", project.matrices).probes == {"tensorflow": Answer.YES}


def test_the_audit_asks_of_condas_cudnn_which_gpus_it_serves(project):
    path = ROOT / "locks" / "tf2.10-cu117-conda" / "conda-lock.yml"
    target = Target(python="3.10", gpus=("12.0",))
    findings = audit(read_set(path, target), project.matrices, project.index, target)
    told = [(finding.code, finding.why) for finding in findings if finding.names == ("cudnn",)]
    lists = "5.0, 6.0, 6.1, 7.0, 7.5, 8.0, 8.6, 8.9 and 9.0"
    assert told == [("gpu-arch", f"cudnn==8.9.7.29 serves compute capability {lists}, not 12.0")]
