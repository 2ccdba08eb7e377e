"""A lock folder as a value, whoever asks."""

from __future__ import annotations

import hashlib

import pytest
from paths import ROOT

from solver.core.errors import BadInput
from solver.core.model import Target
from solver.lock.folder import AGAIN, is_lock, lock_folders, own_lock, read_folder

SOLUTION = """\
# Made by `interlock lock demo`; do not edit.
version: 1
profile: demo
flavour: pip-in-conda
target:
  platform: linux-64
  python: '3.11'
  glibc: '2.28'
  driver: 580.65.06
  gpus:
  - '9.0'
solution:
  python: '3.11'
  cuda: null
variables:
  A: 'true'
  B: '1'
warnings:
- code: clobber
  packages: [a==1]
  why: twice
"""


@pytest.fixture
def folder(tmp_path):
    place = tmp_path / "locks" / "demo"
    (place / "wheels").mkdir(parents=True)
    (place / "evidence").mkdir()
    (place / "solution.yaml").write_text(SOLUTION)
    (place / "requirements.txt").write_text(f"--find-links ./wheels\na==1 --hash=sha256:{'1' * 64}\n")
    (place / "environment.yml").write_text("name: demo\nvariables: {A: 'true', B: 1}\n")
    (place / "wheels" / "a-1-py3-none-any.whl").write_bytes(b"wheel")
    return place


def test_everything_that_a_lock_says(folder):
    lock = read_folder(folder)
    assert (lock.name, lock.solution.flavour) == ("demo", "pip-in-conda")
    assert lock.solution.target == Target(python="3.11", driver="580.65.06", gpus=("9.0",))
    assert [(pin.name, pin.installs, pin.line) for pin in lock.pins] == [("a", "1", 2)]
    assert lock.variables == {"A": "true", "B": "1"}
    assert lock.wheels == {"a-1-py3-none-any.whl": hashlib.sha256(b"wheel").hexdigest()}
    assert lock.records == ()
    assert [(one.code, one.packages) for one in lock.solution.warnings] == [("clobber", ("a==1",))]


def test_a_lock_without_a_cuda_asks_for_no_driver(folder):
    assert read_folder(folder).target == Target(python="3.11", driver=None, gpus=("9.0",))
    (folder / "solution.yaml").write_text(SOLUTION.replace("cuda: null", "cuda: '12.9'"))
    assert read_folder(folder).target.driver == "580.65.06"
    (folder / "solution.yaml").write_text(SOLUTION.replace("  cuda: null\n", ""))
    assert read_folder(folder).target.driver == "580.65.06"


def test_the_digest_is_of_what_is_installed(folder):
    before = read_folder(folder).digest
    (folder / "pylock.toml").touch()
    (folder / "evidence" / "gpu.json").touch()
    (folder / "solution.yaml").write_text(SOLUTION + "rows: {}\n")
    assert read_folder(folder).digest == before
    (folder / "wheels" / "a-1-py3-none-any.whl").write_bytes(b"another")
    assert read_folder(folder).digest != before


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("version: 2\n", "solution.yaml: expected a solution of format version 1; make the lock again with"),
        ("[]\n", "solution.yaml: expected a solution of format version 1; make the lock again with"),
        (
            SOLUTION.replace("linux-64", "amiga"),
            "solution.yaml:6: target.platform: expected linux-64, linux-aarch64 or win-64",
        ),
        (SOLUTION.replace("flavour: pip-in-conda\n", ""), f"solution.yaml:2: flavour: this key is missing; {AGAIN}"),
        (SOLUTION.partition("variables:")[0], f"solution.yaml:2: variables: this key is missing; {AGAIN}"),
        (SOLUTION + "rows: [a]\n", "rows: expected"),
        (SOLUTION + "index: {1: a}\n", "index.1: a key must be a string, found an integer; " + AGAIN),
        (SOLUTION + "notes: 5\n", "notes: expected a list, found an integer 5"),
        (SOLUTION + "~: 5\n", "null: a key must be a string; " + AGAIN),
        (SOLUTION.replace("'3.11'\n  glibc", "'3.999'\n  glibc"), 'target.python: expected a python such as "3.12"'),
        (SOLUTION.replace("580.65.06", "x"), 'target.driver: expected a version such as "580.65.06"'),
        (SOLUTION.replace("- '9.0'", "- x"), 'target.gpus[0]: expected a compute capability such as "9.0"'),
    ],
)
def test_a_solution_that_cannot_be_read_is_told_by_its_place(folder, text, problem):
    (folder / "solution.yaml").write_text(text)
    with pytest.raises(BadInput) as caught:
        read_folder(folder)
    assert problem in str(caught.value).removeprefix(f"{folder}/")


def test_a_profile_without_a_lock_is_told(tmp_path):
    assert not is_lock(tmp_path)
    with pytest.raises(BadInput, match=r"this profile has no lock; make it with `interlock lock nothing`"):
        read_folder(tmp_path / "nothing")


@pytest.mark.parametrize("text", ["name: mine\n", SOLUTION.replace("# Made", "# By")])
def test_a_solution_yaml_that_is_not_ours_is_no_lock_of_ours(folder, text):
    assert own_lock(folder) == read_folder(folder)
    (folder / "solution.yaml").write_text(text)
    assert own_lock(folder) is None
    assert own_lock(folder.parent) is None


def test_a_solution_of_ours_that_cannot_be_read_is_not_taken_for_none(folder):
    (folder / "solution.yaml").write_text(SOLUTION.replace("linux-64", "x"))
    with pytest.raises(BadInput, match=r"target.platform: expected linux-64, linux-aarch64 or win-64, found x"):
        own_lock(folder)


def test_what_a_kill_left_unfinished_is_no_lock(folder):
    unfinished = folder.with_name(f".{folder.name}.new-x5kyw_qa.part")
    unfinished.mkdir()
    (unfinished / "solution.yaml").write_text(SOLUTION[:40])
    assert lock_folders(folder.parent) == (folder,)


def test_every_committed_lock_is_read_whole():
    for place in lock_folders(ROOT / "locks"):
        lock = read_folder(place)
        assert lock.solution.profile == lock.name
        assert lock.digest == lock.solution.lock
        assert bool(lock.pins) == (lock.solution.flavour == "pip-in-conda")
        assert lock.solution.flavour != "conda" or lock.records
