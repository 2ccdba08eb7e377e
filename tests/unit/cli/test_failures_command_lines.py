"""Command lines that make no sense, each answered by one sentence; nothing is written for any of them."""

import functools
import re
import shlex
import sys

import pytest
import yaml
from other_platform import record_elsewhere
from paths import TESTS
from user_folder import REQUEST

from solver.commands import project

ODD = yaml.safe_load((TESTS / "data" / "command-lines.yaml").read_text())
WORDS = {
    "{L}": "x" * 5000,
    "{N}": "9" * 5000,
    "{V}": f"--no-driver-check --python {shlex.quote(sys.executable)}",
    "\\udcff": "\udcff",
    "\\n": "\n",
}


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A user's folder with a lock and the odd things that command lines name; no test changes it."""
    folder = tmp_path_factory.mktemp("odd")
    (folder / "environment.yml.in").write_text(REQUEST)
    record_elsewhere(folder)
    (folder / "dir").mkdir()
    for name, content in {"file": b"x", "dir/x": b"", "empty.txt": b""}.items():
        (folder / name).write_bytes(content)
    (folder / "dangling").symlink_to("nowhere")
    (folder / "loop").symlink_to("loop")
    return folder


@pytest.fixture
def here(place, interlock, monkeypatch):
    monkeypatch.chdir(place)
    # The shipped rows are the same every time.
    monkeypatch.setattr(project, "load_matrices", functools.cache(project.load_matrices))
    if not (place / "locks").exists():
        assert interlock("lock", "small", "--no-pylock")[0] == 0
    return place


def tree(folder):
    return {path: path.lstat().st_mtime_ns for path in folder.rglob("*") if path.name != "b"}


def typed(text):
    for word, meaning in WORDS.items():
        text = text.replace(word, meaning)
    return shlex.split(text)


def told(err, here):
    """What was said, on the machine of whoever reads it, with endless words named."""
    short = re.sub("x{40,}(?: … x+)?", "{L}", err.replace(str(here), "{here}"))
    return re.sub("9{40,}(?: … 9+)?", "{N}", short)


@pytest.mark.parametrize("odd", ODD, ids=[odd["line"] for odd in ODD])
def test_an_odd_command_line_is_answered_by_one_sentence(here, interlock, odd):
    before = tree(here)
    code, out, err = interlock(*typed(odd["line"]))
    assert (code, out) == (odd.get("exit", 2), "")
    if odd["says"].startswith("Error: "):
        assert err.startswith("Usage: ") and told(err.splitlines()[-1], here) == odd["says"]
    else:
        assert told(err, here) == f"interlock: {odd['says']}\n"
    assert tree(here) == before


def test_nothing_is_tried_twice():
    assert len({odd["line"] for odd in ODD}) == len(ODD) > 90
