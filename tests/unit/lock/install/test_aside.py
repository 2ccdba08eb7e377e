"""An environment that makes way is lost by no end of what makes the new one."""

from __future__ import annotations

import os
import shutil
import sys

import pytest
from killed import each_end

from solver.core.errors import BadInput
from solver.core.exchange import only_holder
from solver.core.scratch import UNFINISHED, scratch_folder
from solver.lock.install import aside

forks = pytest.mark.skipif(sys.platform == "win32", reason="processes are forked")


@pytest.fixture
def prefix(tmp_path):
    (tmp_path / "env").mkdir()
    (tmp_path / "env" / "of").write_text("old")
    (tmp_path / "env" / "more").touch()
    return tmp_path / "env"


def made_anew(prefix):
    """As our own installer does it: marked while it is unfinished."""
    with aside.out_of_the_way(prefix):
        prefix.mkdir()
        (prefix / UNFINISHED).write_bytes(os.fsencode(prefix))
        for name in ("of", "more"):
            (prefix / name).write_text("new")
        (prefix / UNFINISHED).unlink()


@forks
def test_whatever_ends_a_change_one_whole_environment_is_there_after_the_next_start(tmp_path, prefix):
    ends = set()

    def begin():
        for name in ("of", "more"):
            (prefix / name).write_text("old")
        return lambda: made_anew(prefix)

    for what in each_end((aside, shutil), begin, step=2):
        try:
            aside.put_back(prefix)
        except BadInput as error:  # all was done but to take the old one away
            assert (str(error), (prefix / "of").read_text()) == (half_made(prefix), "new")
            assert {path.name for path in aside._aside(prefix).iterdir()} == {"of", "more"}, what
            shutil.rmtree(aside._aside(prefix))
        with scratch_folder(tmp_path):
            pass
        assert [path.name for path in tmp_path.iterdir()] == ["env"], what
        ends.add((what.split()[0], (prefix / "of").read_text()))
    assert ends == {(how, of) for how in ("SIGKILL", "SIGTERM", "SIGINT") for of in ("old", "new")}


def half_made(prefix):
    return (
        f"{prefix}: may be half an environment: a change of it was ended, and what was there before is "
        "env.before-interlock; take it away, and the next run puts the old one back; or take that away, to keep what "
        "is here"
    )


def test_what_nobody_marked_is_left_to_its_owner(prefix):
    aside._aside(prefix).mkdir()
    for _ in range(2):
        with pytest.raises(BadInput) as caught:
            aside.put_back(prefix)
        assert str(caught.value) == half_made(prefix)
    assert (prefix / "of").read_text() == "old"


@pytest.mark.parametrize("held", ["env.before-interlock", f"env/{UNFINISHED}"])
@pytest.mark.skipif(sys.platform == "win32", reason="nothing is held there")
def test_a_change_that_goes_on_is_not_undone(tmp_path, prefix, held, monkeypatch):
    monkeypatch.setattr(aside, "_DYING", 0.0)
    aside._aside(prefix).mkdir()
    (prefix / UNFINISHED).touch()
    with only_holder(tmp_path / held), pytest.raises(BadInput) as caught:
        aside.put_back(prefix)
    assert str(caught.value) == (f"{prefix}: is being changed by another process; wait for it, or choose another place")
    assert (prefix / "of").read_text() == "old"


def test_what_kills_left_goes_and_the_old_one_comes_back(tmp_path, prefix):
    prefix.rename(aside._aside(prefix))
    prefix.mkdir()
    (prefix / UNFINISHED).touch()
    aside.put_back(prefix)
    assert [path.name for path in tmp_path.iterdir()] == ["env"]
    assert {path.name for path in prefix.iterdir()} == {"of", "more"}
