"""What is told of a set beside what its lock says: the loader that it takes, and what else lies inside wheels."""

from __future__ import annotations

from paths import ROOT
from small_project import made, project_with

from solver.commands.explain import explain
from solver.commands.remarks import with_remarks
from solver.commands.solve import solve_profile, solve_request

ROW = "row of tensorflow 2.20.0"
HOLDS = "; interlock-loader, which a lock of this set would hold, leads it there"


def noted(folder, change=None):
    project = project_with(folder, change)
    solution = solve_profile(project, project.profile("full"))
    whole = with_remarks(solution, project.matrices, project.index)
    return [(note.package, note.text, note.row, note.evidence) for note in whole.notes[len(solution.notes) :]]


def test_the_libraries_that_it_does_not_find_are_named(tmp_path):
    text = f"tensorflow 2.20.0 does not find libcudart.so.12 and libcudnn.so.9 by itself{HOLDS}"
    assert noted(tmp_path) == [("tensorflow", text, "tensorflow:2.20.0", ROW)]


def test_where_nobody_read_where_it_looks_that_is_told(tmp_path):
    def unread(facts):
        row = {"cuda": "12.5", "cudnn": "9.3", "opens": ["cudart", "cudnn"]}
        facts["matrices"]["tensorflow"] = {"2.20.0": row}

    text = f"nobody read whether tensorflow 2.20.0 finds libcudart.so.12 and libcudnn.so.9 by itself{HOLDS}"
    assert noted(tmp_path, unread) == [("tensorflow", text, "tensorflow:2.20.0", ROW)]


def test_the_compiler_of_xla_is_told_by_what_it_brings(tmp_path):
    def compiling(facts):
        row = {"cuda": "12.5", "cudnn": "9.3", "opens": ["nvcc"], "runpath": []}
        facts["matrices"]["tensorflow"] = {"2.20.0": row}

    text = f"XLA in tensorflow 2.20.0 does not find ptxas and libdevice by itself{HOLDS}"
    assert noted(tmp_path, compiling) == [("tensorflow", text, "tensorflow:2.20.0", ROW)]


def test_nothing_is_told_where_it_finds_everything(tmp_path):
    def finding(facts):
        row = dict(facts["matrices"]["tensorflow"]["2.20.0"], runpath=["cuda_runtime/lib", "cudnn/lib"])
        facts["matrices"]["tensorflow"] = {"2.20.0": row}

    assert noted(tmp_path, finding) == []


def test_a_lock_has_the_wheel_and_no_note(tmp_path):
    lock = made(project_with(tmp_path))
    assert [wheel.name for wheel in lock.wheels] == ["interlock-loader"]
    assert lock.solution.notes == ()


def test_solve_and_explain_tell_it():
    asked = ("tensorflow==2.21.0", "gpu==7.0")
    text = f"tensorflow 2.21.0 does not find libcusolver.so.11 by itself{HOLDS}"
    assert [note.text for note in solve_request(ROOT, None, asked).notes] == [text]
    assert [note.text for note in explain(ROOT, None, asked).outcome.notes] == [text]
    assert text in [note.text for note in solve_request(ROOT, "full-py312", ()).notes]
    assert text in [note.text for note in explain(ROOT, "full-py312", ()).outcome.notes]


def carrying(**fields):
    def change(facts):
        row = {"cuda": "12.6", "cudnn": "9.5.1.17", "bundles": True, **fields}
        facts["matrices"]["torch"] = {"2.9.1": {key: value for key, value in row.items() if value is not None}}
        facts["matrices"]["tensorflow"] = {"2.20.0": {"cuda": "12.5", "cudnn": "9.3", "opens": ["cudart"]}}
        facts["matrices"]["tensorflow"]["2.20.0"]["runpath"] = ["cuda_runtime/lib"]
        facts["index"]["torch"] = {"2.9.1": []}

    return change


def test_a_wheel_with_another_cuda_than_the_packages_bring_is_told(tmp_path):
    text = "torch 2.9.1 has CUDA 12.6 inside its wheel, beside CUDA 12.8"
    assert noted(tmp_path, carrying()) == [("torch", text, "torch:2.9.1", "row of torch 2.9.1")]


def test_nothing_is_told_of_a_wheel_with_the_very_runtimes_of_the_axes(tmp_path):
    assert noted(tmp_path, carrying(cuda="12.8")) == []


def test_a_project_that_is_called_as_the_module_of_another_is_told(tmp_path):
    def misnamed(facts):
        facts["matrices"]["imports"] = {"keras": {"pypi": "keras-of-others"}, "numpy": {"pypi": "numpy"}}

    profiles = {"full": {"python": "3.12", "frameworks": ["torch"], "packages": ["keras", "numpy"]}}
    project = project_with(tmp_path, misnamed, profiles)
    solution = with_remarks(solve_profile(project, project.profile("full")), project.matrices, project.index)
    assert [note.text for note in solution.notes] == [
        "keras is a project of its own; the module keras is that of keras-of-others"
    ]
