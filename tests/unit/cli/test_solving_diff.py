"""diff between profiles, folders and git revisions, as text, Markdown and JSON."""

from __future__ import annotations

import json
import os
import subprocess

import pytest
from own_index import REQUEST, add


@pytest.fixture
def git(tmp_path, monkeypatch):
    for name in list(os.environ):
        if name.startswith("GIT_"):
            monkeypatch.delenv(name)
    for key, value in {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null"}.items():
        monkeypatch.setenv(key, value)

    def run(*words):
        options = ("-c", "user.name=x", "-c", "user.email=x@example.org")
        subprocess.run(["git", *options, *words], cwd=tmp_path, check=True, capture_output=True)

    return run


@pytest.fixture
def history(index, interlock, git, tmp_path):
    """A commit with own-tool 2.0 and the lock `old`, and a working tree with own-tool 2.5 and without that lock."""
    old = '  old: {python: "3.12", torch: "2.9.1", frameworks: [torch]}\n'
    (tmp_path / "environment.yml.in").write_text(REQUEST + old)
    assert interlock("lock", "--no-pylock")[0] == 0
    git("init", "-q", "-b", "main")
    git("add", "environment.yml.in", "locks", "matrices")
    git("commit", "-q", "-m", "first")
    add(index, "own-tool", {"2.0": ["helper>=2", "numpy"], "2.5": ["helper>=2", "numpy"]})
    assert interlock("lock", "gpu", "--no-pylock", "-P", "own-tool")[0] == 0
    (tmp_path / "locks" / "old").rename(tmp_path / "copy")
    return tmp_path


CHANGED = "~ own-tool 2.0 -> 2.5"
LAST = "{}: 55 packages; {}: 55 packages, 0.0 MB less to download beside own-tool, whose sizes nobody recorded"


@pytest.mark.parametrize(
    ("words", "other"),
    [
        (("HEAD:gpu", "gpu"), "gpu"),
        (("HEAD:gpu",), "gpu"),
        (("HEAD:locks/gpu", "locks/gpu"), "locks/gpu"),
    ],
)
def test_a_revision_beside_what_lies_here(history, interlock, words, other):
    assert interlock("diff", *words) == (0, f"{CHANGED}\n{LAST.format(words[0], other)}\n", "")


def test_folders_need_no_profile(history, interlock):
    code, out, _ = interlock("diff", "copy", "locks/gpu")
    assert (code, out) == (0, f"{CHANGED}\n{LAST.format('copy', 'locks/gpu')}\n")
    (history / "environment.yml.in").unlink()
    assert interlock("diff", "copy", "locks/gpu")[:2] == (code, out)


def test_every_lock_of_a_revision(history, interlock):
    code, out, _ = interlock("diff", "main:")
    assert (code, out.splitlines()) == (
        0,
        [CHANGED, LAST.format("main:gpu", "gpu"), "old: there is no such lock any more"],
    )
    assert interlock("diff", "main:", "HEAD:")[1].splitlines() == [
        "main:gpu: 55 packages; HEAD:gpu: 55 packages, 0.0 MB less to download",
        "main:old: 55 packages; HEAD:old: 55 packages, 0.0 MB less to download",
    ]


def test_a_table_for_a_pull_request(history, interlock):
    assert interlock("diff", "main:", "--markdown")[1].splitlines()[2:5] == [
        "| package | before | after | size |",
        "|---|---|---|---|",
        "| own-tool | 2.0 | 2.5 | size unknown → size unknown |",
    ]


def test_json_of_one_pair_and_of_several(history, interlock):
    one = json.loads(interlock("diff", "HEAD:gpu", "--json")[1])
    assert (one["between"], one["changed"]) == (["HEAD:gpu", "gpu"], {"own-tool": ["2.0", "2.5"]})
    many = json.loads(interlock("diff", "HEAD:", "--json")[1])
    assert many["version"] == 1
    assert many["locks"][0] == {key: one[key] for key in one if key != "version"}
    assert many["locks"][1] == {"lock": "old", "only": "before"}


MISSING = "a second lock is missing beside one that is no revision's; name it, or write REVISION:PROFILE"
NAME = "name a profile, a folder such as locks/gpu, or REVISION:PROFILE of git"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["nothing:gpu", "gpu"], f"diff: git knows no revision nothing; {NAME}"),
        (["--", "-x:gpu", "gpu"], f"diff: git knows no revision -x; {NAME}"),
        (["HEAD:gpuu", "gpu"], "diff: HEAD has no locks/gpuu; it has gpu, old"),
        (["HEAD:../x/gpu", "gpu"], f"diff: HEAD:../x/gpu names no lock; {NAME}"),
        (["matrices", "gpu"], f"diff: no lock lies in matrices; {NAME}"),
        (["gpuu", "gpu"], "environment.yml.in: profiles: there is no profile gpuu; choose from gpu, old"),
        (
            ["gpu"],
            "diff: a second lock is missing beside one that is no revision's; name it, or write REVISION:PROFILE",
        ),
    ],
)
def test_what_names_no_lock_is_told(history, interlock, words, message):
    assert interlock("diff", *words) == (2, "", f"interlock: {message}\n")


def test_without_a_repository_that_is_told(index, interlock, git, tmp_path, monkeypatch):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert interlock("diff", "HEAD:gpu", "gpu") == (
        2,
        "",
        f"interlock: diff: {tmp_path} is in no git repository; {NAME}\n",
    )
