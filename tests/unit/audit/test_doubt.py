"""Which CUDA libraries an open list brings along, and what becomes of findings where nobody read that."""

from __future__ import annotations

import pytest
from audit_stubs import StubIndex, pinned, small_matrices

from solver.audit.doubt import doubted, unread_bringers
from solver.audit.inputs import read_given
from solver.audit.installed import findings_as_installed
from solver.audit.resolve.choices import Choices
from solver.audit.resolve.resolution import resolve
from solver.audit.run import context_of, findings_in
from solver.core.model import Target

TARGET = Target(python="3.12", driver="580.65.06", gpus=("9.0",))
TAG = "cp312-cp312-manylinux_2_28_x86_64.whl"


def _listed(version, requires=(), name="torch"):
    return {"version": version, "files": [f"{name.replace('-', '_')}-{version}-{TAG}"], "requires": requires}


def _context(torch_asks, cudnns):
    index = {"torch": [_listed("2.10.0", torch_asks)]}
    if cudnns is not None:
        index["nvidia-cudnn-cu12"] = [_listed(version, [], "nvidia-cudnn-cu12") for version in cudnns]
    pins = pinned("tensorflow==2.20.0", "torch==2.10.0")
    return context_of(pins, small_matrices(), StubIndex(index), TARGET)


@pytest.mark.parametrize(
    ("asks", "cudnns", "packages", "unread"),
    [
        (["nvidia-cudnn-cu12>=9,<10"], ["9.1.0.70", "9.10.2.21"], ["nvidia-cudnn-cu12==9.10.2.21"], []),
        (["nvidia-cudnn-cu12>=9,<10"], ["8.9.7.29"], [], ["torch==2.10.0"]),
        (["nvidia-cudnn-cu12>=9,<10"], None, [], ["torch==2.10.0"]),
        (
            ["nvidia-cudnn-cu12==9.10.2.21"],
            None,
            ["nvidia-cudnn-cu12==9.10.2.21"],
            ["nvidia-cudnn-cu12==9.10.2.21"],
        ),
        (None, ["9.10.2.21"], [], ["torch==2.10.0"]),
    ],
    ids=["recorded", "record lacks it", "no record", "pinned, no record", "asks unread"],
)
def test_a_library_that_nobody_recorded_is_not_taken_for_one_that_nothing_brings(asks, cudnns, packages, unread):
    context = _context(asks, cudnns)
    choices = Choices(context)
    installed, _ = findings_as_installed(context)
    libraries = [one.pin for one in installed.set.packages if one.name.startswith("nvidia") and one.version]
    assert libraries == packages
    assert [one.pin for one in unread_bringers(installed, choices, resolve(choices))] == unread


def test_what_is_missing_beside_unread_libraries_is_doubted_and_not_denied():
    context = _context(None, None)
    assert [one.severity for one in findings_in(context) if one.code == "loader"] == ["error"]
    (doubt,) = (one for one in findings_as_installed(context)[1] if one.code == "loader")
    assert (doubt.severity, doubt.packages, doubt.why) == (
        "note",
        ("tensorflow==2.20.0", "torch==2.10.0"),
        "nobody read which CUDA libraries torch==2.10.0 brings along, so it is not known whether tensorflow==2.20.0 "
        "finds those that it opens",
    )


def test_every_other_finding_stands():
    context = _context(None, None)
    findings = [one for one in findings_in(context) if one.code != "loader"]
    assert findings
    assert [one for one in doubted(context, findings_in(context), ()) if one.code != "loader"] == findings


def test_what_lines_without_a_name_may_bring_is_not_taken_for_missing(tmp_path):
    text = "torch==2.10.0\ntensorflow==2.20.0\n-e .\n"
    package_set = read_given(text, "requirements.txt", tmp_path, TARGET)
    index = StubIndex({"torch": [_listed("2.10.0", [])], "tensorflow": [_listed("2.20.0", [], "tensorflow")]})
    _, findings = findings_as_installed(context_of(package_set, small_matrices(), index, TARGET))
    assert [finding.why for finding in findings if finding.code == "loader"] == [
        "nobody read which CUDA libraries '-e .' (line 3) brings along, so it is not known whether tensorflow==2.20.0 "
        "finds those that it opens"
    ]
