"""Every committed pip lock, pin by pin and hash by hash, before a judge that did not write it."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import msgspec
import pytest
import yaml
from lock_checker import ROOT, Checker, logical_lines

from solver.commands.closure import close
from solver.commands.lock import make_lock
from solver.commands.locked import locked_profile
from solver.commands.project import open_project

LOCKS = sorted(path.parent for path in (ROOT / "locks").glob("*/requirements.txt"))
NAMES = [folder.name for folder in LOCKS]


@pytest.fixture(scope="module")
def project():
    return open_project(ROOT)


@pytest.mark.parametrize("folder", LOCKS, ids=NAMES)
def test_every_pin_and_hash_is_recorded_and_the_closure_is_whole(folder):
    assert Checker(folder).check() == []


def test_every_profile_of_the_request_has_its_lock_and_nothing_else_has(project):
    pip = {profile.name for profile in project.request.profiles if profile.flavour == "pip-in-conda"}
    assert set(NAMES) == pip
    folders = {path.name for path in (ROOT / "locks").iterdir() if path.is_dir()}
    assert folders == {profile.name for profile in project.request.profiles}


@pytest.mark.parametrize("folder", LOCKS, ids=NAMES)
def test_what_the_request_names_is_in_the_lock(folder, project):
    profile = project.profile(folder.name)
    names = {
        line.partition("==")[0].partition(" @ ")[0] for line in logical_lines((folder / "requirements.txt").read_text())
    }
    cpu = {"tensorflow": "tensorflow-cpu"} if profile.cuda == "none" or profile.cpu_frameworks else {}
    for framework in profile.frameworks:
        assert cpu.get(framework, framework) in names or "tensorflow-intel" in names
    for text in profile.packages:
        assert re.split(r"[^a-z0-9-]", text.lower())[0] in names


@pytest.mark.parametrize("folder", LOCKS, ids=NAMES)
def test_no_index_is_named_in_a_lock(folder):
    text = (folder / "requirements.txt").read_text()
    assert "index-url" not in text
    options = {line for line in logical_lines(text) if line.startswith("-")}
    assert options <= {"--find-links ./wheels"}
    assert bool(options) == (folder / "wheels").is_dir()


@pytest.mark.parametrize(
    "name", [p.name for p in LOCKS if p.name in ("full-py312-base", "full-py312-tf", "full-py312-torch")]
)
def test_a_variant_holds_the_lines_of_its_parent(name):
    parent = set(logical_lines((ROOT / "locks" / "full-py312" / "requirements.txt").read_text()))
    lines = set(logical_lines((ROOT / "locks" / name / "requirements.txt").read_text()))
    ours = {line for line in lines if line.startswith(("interlock-", "--find-links"))}
    assert lines - ours <= parent
    assert len(lines) < len(parent)


# ---- the judge itself: each damage is seen, and called by its name


@pytest.fixture
def copy(tmp_path):
    """A copy of a lock of both frameworks, to be damaged."""
    target = tmp_path / "full-py312"
    shutil.copytree(ROOT / "locks" / "full-py312", target)
    return target


def entries(folder: Path) -> list[str]:
    return re.split(r"\n(?=[a-z0-9-])", (folder / "requirements.txt").read_text())


def damaged(folder: Path, change) -> list[str]:
    text = "\n".join(change(entries(folder)))
    (folder / "requirements.txt").write_text(text)
    return Checker(folder).check()


ALWAYS = "solution.yaml's digest is not that of the files"


@pytest.mark.parametrize("name", ["numpy", "nvidia-cudnn-cu12", "markupsafe", "mpmath", "triton"])
def test_a_package_that_is_taken_out_is_missed(copy, name):
    problems = damaged(copy, lambda lines: [line for line in lines if not line.startswith(f"{name}==")])
    assert any(problem.endswith(f"asks for {name}, which is not locked") for problem in problems)
    assert any("index facts differ from the pins" in problem for problem in problems)
    assert ALWAYS in problems


def test_a_package_that_nothing_asks_for_is_missed_by_the_record_of_the_solution(copy):
    problems = damaged(copy, lambda lines: [line for line in lines if not line.startswith("tensorboard==")])
    assert [problem for problem in problems if "tensorboard==" in problem]


@pytest.mark.parametrize("name", ["numpy", "torch", "six"])
def test_a_changed_hash_is_seen(copy, name):
    def change(lines):
        return [
            re.sub("sha256:[0-9a-f]", lambda m: "sha256:" + ("0" if m[0][-1] != "0" else "1"), line, count=1)
            if line.startswith(f"{name}==")
            else line
            for line in lines
        ]

    problems = damaged(copy, change)
    assert any(problem.startswith(f"{name} ") and "is that of no recorded wheel" in problem for problem in problems)
    assert any(
        problem.startswith(f"{name} ") and "is usable and its hash is missing" in problem for problem in problems
    )


def test_another_version_is_seen(copy):
    problems = damaged(copy, lambda lines: [re.sub(r"^numpy==\S+", "numpy==1.26.4", line) for line in lines])
    assert any(problem.startswith("numpy 1.26.4: the hash") for problem in problems)
    assert any(problem.startswith("solution.yaml says numpy ") for problem in problems)


def test_a_changed_byte_in_our_own_wheel_is_seen(copy):
    (wheel,) = (copy / "wheels").iterdir()
    wheel.write_bytes(wheel.read_bytes() + b"x")
    problems = Checker(copy).check()
    assert any(problem.startswith("interlock-loader") and "not that of the wheel" in problem for problem in problems)


def test_a_second_cuda_major_is_seen(copy):
    def change(lines):
        return [*lines[:-1], lines[-1].rstrip("\n"), "nvidia-nccl-cu13==2.27.7 --hash=sha256:" + "0" * 64, ""]

    assert "libraries of two CUDA majors are locked: ['12', '13']" in damaged(copy, change)


def test_an_unpinned_line_is_seen(copy):
    problems = damaged(copy, lambda lines: [*lines[:-1], lines[-1].rstrip("\n"), "requests", ""])
    assert "neither a pin with hashes nor the local wheels: requests" in problems


def test_a_row_that_a_lock_names_exists(project):
    rows = {row.id for row in project.matrices.rows()}
    for folder in LOCKS:
        document = yaml.load(
            (folder / "solution.yaml").read_bytes(), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        )
        assert set(document["rows"]) <= rows, folder.name
        assert {item["row"] for item in document["because"] if "row" in item} <= set(document["rows"]), folder.name


@pytest.mark.parametrize("name", sorted(path.name for path in (ROOT / "locks").iterdir() if path.is_dir()))
def test_a_lock_made_now_is_the_committed_one_byte_for_byte(name, project):
    made = make_lock(project, project.profile(name)).files
    folder = ROOT / "locks" / name
    files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    beside = {other for other in files if other.startswith("evidence/") or other == "pylock.toml"}
    assert set(made) == set(files) - beside
    assert [other for other in sorted(made) if made[other] != files[other]] == []


@pytest.mark.parametrize("folder", LOCKS, ids=NAMES)
def test_the_committed_lock_says_all_that_was_found_but_who_asked(folder, project):
    made, read = close(project, project.profile(folder.name)), locked_profile(project, folder.name)
    pins = tuple(
        msgspec.structs.replace(pin, files=tuple(file for file in pin.files if file.sha256), asked_by=(), row=None)
        for pin in made.solution.pins
    )
    # Of another index the lock holds the one file that is installed.
    pins = tuple(pin if pin.index == "default" else msgspec.structs.replace(pin, files=pin.files[:1]) for pin in pins)
    assert read.solution == msgspec.structs.replace(made.solution, pins=pins)
    assert read.records == made.records
