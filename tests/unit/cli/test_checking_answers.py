"""Cases from public bug reports and files: the commands of a case, in order, with the whole answer to each.

``answers.txt`` of a case holds them as a shell would show them: "$", the words, what is printed, the exit code.
@DEFAULT_INDEX@ in a file of a case stands for the host of the default index, which no file of ours holds.
"""

from __future__ import annotations

import re
import shlex
import shutil
from urllib.parse import urlsplit

import pytest
from paths import ROOT
from pypi_simple import PYPI_SIMPLE_ENDPOINT

CASES = ROOT / "tests" / "data" / "cases"
ANSWERS = sorted(CASES.rglob("answers.txt"))


@pytest.mark.parametrize("answers", ANSWERS, ids=lambda path: str(path.parent.relative_to(CASES)))
def test_a_case_has_its_answers(answers, tmp_path, monkeypatch, interlock):
    shutil.copytree(answers.parent, tmp_path / "case")
    for path in (path for path in (tmp_path / "case").rglob("*") if path.is_file()):
        path.write_text(path.read_text().replace("@DEFAULT_INDEX@", urlsplit(PYPI_SIMPLE_ENDPOINT).hostname))
    monkeypatch.chdir(tmp_path / "case")
    told = []
    for words in re.findall(r"^\$ interlock (.*)$", answers.read_text(), re.MULTILINE):
        code, out, err = interlock(*shlex.split(words))
        told.append(f"$ interlock {words}\n{out}{err}exit {code}\n")
    assert "".join(told) == answers.read_text()
