"""Folders of one's own: gone with their process, or with the next one's; nobody else's is ever touched."""

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from paths import ROOT

from solver.core.scratch import scratch_folder

HOLDER = """
import sys
from pathlib import Path
from solver.core.scratch import scratch_folder
with scratch_folder(Path(sys.argv[1])) as folder:
    (folder / "deep").mkdir()
    (folder / "deep" / "file").write_text("x")
    print(folder.name, flush=True)
    sys.stdin.read()
"""
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="nothing is held there, and nothing cleared")


@pytest.fixture
def holder(tmp_path):
    """Another process with a folder of its own in ``tmp_path``, and the name of that."""
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)],
        env=environ,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield process, process.stdout.readline().strip()
        process.kill()


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_folder_is_there_while_it_is_needed(tmp_path):
    with scratch_folder(tmp_path) as folder:
        assert folder.parent == tmp_path and list(folder.iterdir()) == []
        (folder / "file").write_text("x")
    assert names(tmp_path) == []


def test_an_error_removes_it(tmp_path):
    with pytest.raises(KeyError), scratch_folder(tmp_path):
        raise KeyError
    assert names(tmp_path) == []


def test_without_a_parent_it_lies_where_the_system_has_such(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with scratch_folder() as folder:
        assert folder.parent == tmp_path and folder.name.startswith("interlock-")
    assert names(tmp_path) == []


def test_what_a_killed_process_left_goes_with_the_next(tmp_path, holder):
    process, name = holder
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert names(tmp_path) == [name]
    with scratch_folder(tmp_path) as folder:
        assert names(tmp_path) == [folder.name]


def test_what_a_running_process_needs_stays(tmp_path, holder):
    process, name = holder
    with scratch_folder(tmp_path) as folder:
        assert names(tmp_path) == sorted([name, folder.name])
    assert (tmp_path / name / "deep" / "file").read_text() == "x"
    process.communicate("")
    assert names(tmp_path) == []


@pytest.mark.parametrize("name", ["interlock-project1", "interlock-abcdefgh", "interlock-abc.part", "x.part"])
def test_what_has_another_name_stays(tmp_path, name):
    (tmp_path / name).mkdir()
    with scratch_folder(tmp_path):
        pass
    assert names(tmp_path) == [name]


def test_a_link_of_that_name_is_not_followed(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "file").write_text("x")
    (tmp_path / "interlock-abcdefgh.part").symlink_to(tmp_path / "mine")
    with scratch_folder(tmp_path):
        pass
    assert names(tmp_path) == ["interlock-abcdefgh.part", "mine"]
    assert names(tmp_path / "mine") == ["file"]


def test_a_link_within_what_was_left_is_not_followed(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "file").write_text("x")
    (tmp_path / "interlock-abcdefgh.part").mkdir()
    (tmp_path / "interlock-abcdefgh.part" / "link").symlink_to(tmp_path / "mine")
    with scratch_folder(tmp_path):
        pass
    assert names(tmp_path) == ["mine"]
    assert names(tmp_path / "mine") == ["file"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder to somebody else")
def test_what_another_user_left_stays(tmp_path):
    (tmp_path / "interlock-abcdefgh.part").mkdir()
    os.chown(tmp_path / "interlock-abcdefgh.part", 12345, 12345)
    with scratch_folder(tmp_path):
        pass
    assert names(tmp_path) == ["interlock-abcdefgh.part"]


def test_a_folder_that_another_process_cleared_before_it_was_held_is_made_again(tmp_path, monkeypatch):
    make, made = tempfile.mkdtemp, []

    def cleared_at_first(**where):
        made.append(make(**where))
        if len(made) == 1:
            Path(made[0]).rmdir()
        return made[-1]

    monkeypatch.setattr(tempfile, "mkdtemp", cleared_at_first)
    with scratch_folder(tmp_path) as folder:
        assert (str(folder), folder.is_dir()) == (made[1], True)
