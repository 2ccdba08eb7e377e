"""A file is held by one process at a time, and by its children as long as they live."""

import os
import subprocess
import sys

import pytest
from paths import ROOT

from solver.core.exchange import one_writer, only_holder

CHILD = "import sys; print('ready', flush=True); sys.stdin.read()"
"""Ends when its standard input does."""
PARENT = f"""
import subprocess, sys
from pathlib import Path
from solver.core.exchange import only_holder
with only_holder(Path(sys.argv[1])) as hold:
    subprocess.run([sys.executable, "-c", {CHILD!r}], pass_fds=hold.descriptors)
"""
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="nothing is held there")


def alone(path):
    with only_holder(path) as hold:
        return hold.alone


def test_a_file_is_held_once(tmp_path):
    path = tmp_path / "mark"
    path.touch()
    with only_holder(path) as hold:
        assert hold.alone and not alone(path)
    assert alone(path)


def test_a_link_is_not_followed(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path)
    with pytest.raises(OSError, match="Too many levels of symbolic links"):
        alone(tmp_path / "link")


def test_a_child_holds_on_after_its_parent_was_killed(tmp_path):
    path = tmp_path / "mark"
    path.touch()
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, str(path)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as parent:
        assert parent.stdout.readline() == "ready\n"
        parent.kill()
        parent.wait()
        assert not alone(path)
        parent.stdin.close()
        with one_writer(path):  # waits for the child's end
            pass
    assert alone(path)
