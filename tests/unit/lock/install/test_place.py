"""A place where no environment can lie is refused before anything is done, by `create --dry-run`, too."""

import os

import pytest

from solver.cli.failures import failure_of
from solver.lock.install.place import check_place

FIX = "allow this user to use it, or name another place"


def said(prefix):
    try:
        check_place(prefix)
    except Exception as error:
        return tuple(failure_of(error))
    return None


@pytest.fixture
def here(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    (tmp_path / "shut").mkdir()
    (tmp_path / "gone").symlink_to(tmp_path / "nowhere")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    (tmp_path / "root").symlink_to("/")
    # Whoever runs the tests may be allowed everything.
    monkeypatch.setattr(os, "access", lambda path, mode: path != tmp_path / "shut")
    return tmp_path


@pytest.mark.parametrize(
    ("place", "sentence"),
    [
        ("file/below", "{here}/file/below: Not a directory; name a folder, or move the file away"),
        ("file/further/below", "{here}/file/further/below: Not a directory; name a folder, or move the file away"),
        ("shut/env", f"{{here}}/shut/env: Permission denied; {FIX}"),
        ("shut/deep/env", f"{{here}}/shut/deep/env: Permission denied; {FIX}"),
        ("gone", "{here}/gone: is a link that leads nowhere; remove it, or make the folder it leads to"),
        ("gone/env", "{here}/gone: is a link that leads nowhere; remove it, or make the folder it leads to"),
        ("loop", "{here}/loop: Too many levels of symbolic links; mend the links"),
        ("root", "{here}/root: is no place for an environment; name a folder below it"),
        ("a\nb", "--prefix: '{here}/a\\nb' is no place for an environment: it has a control character; name a folder"),
    ],
)
def test_where_no_environment_can_lie(here, place, sentence):
    assert said(here / place) == (f"interlock: {sentence.format(here=here)}", 2)


@pytest.mark.parametrize("place", ["folder", "folder/env", "new/deep/env", "a b"])
def test_where_one_can(here, place):
    assert said(here / place) is None
