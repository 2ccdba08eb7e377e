"""What shells complete, and the line by which editors find the schema of a request."""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from paths import ROOT

COMPLETE = "_INTERLOCK_COMPLETE"


def completed(interlock, monkeypatch, *words):
    monkeypatch.setenv(COMPLETE, "bash_complete")
    monkeypatch.setenv("COMP_WORDS", shlex.join(["interlock", *words]))
    monkeypatch.setenv("COMP_CWORD", str(len(words)))
    code, out, err = interlock()
    assert (code, err) == (0, "")
    return out.split()


@pytest.mark.parametrize("words", [("lock", ""), ("explain", "--profile", ""), ("create", ""), ("doctor", "")])
def test_the_profiles_of_the_request_are_completed(folder, interlock, monkeypatch, words):
    (folder / "below").mkdir()
    monkeypatch.chdir(folder / "below")
    assert completed(interlock, monkeypatch, *words) == ["plain,small", "plain,smaller", "plain,never"]


def test_only_those_that_begin_so(folder, interlock, monkeypatch):
    assert completed(interlock, monkeypatch, "lock", "smaller") == ["plain,smaller"]
    assert completed(interlock, monkeypatch, "lock", "other") == []


@pytest.mark.parametrize("text", [None, "profiles: [", "profiles: 3", "- 1"])
def test_where_no_request_can_be_read_there_is_nothing_to_complete(folder, interlock, monkeypatch, text):
    request = folder / "environment.yml.in"
    request.unlink() if text is None else request.write_text(text)
    assert completed(interlock, monkeypatch, "lock", "") == []


def test_the_line_for_editors_leads_to_the_schema_from_any_folder(tmp_path):
    lines = (ROOT / "docs" / "request.md").read_text().splitlines()
    (command,) = [line.strip() for line in lines if "request.schema.json" in line and line.startswith("    python -c")]
    words = shlex.split(command)
    run = subprocess.run(
        [sys.executable, *words[1:]],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    start, _, path = run.stdout.strip().partition("=")
    assert start == "# yaml-language-server: $schema"
    assert '"$schema"' in Path(path).read_text()
