"""Cases from public bug reports and files: each command of a case with the whole answer to it.

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


def commands():
    for path in sorted(CASES.rglob("answers.txt")):
        for words, answer in re.findall(r"^\$ interlock (.*)\n((?:(?!\$ ).*\n)*)", path.read_text(), re.MULTILINE):
            yield pytest.param(path.parent, words, answer, id=f"{path.parent.relative_to(CASES)}: {words}")


@pytest.mark.parametrize(("case", "words", "answer"), list(commands()))
def test_a_case_has_its_answer(case, words, answer, tmp_path, monkeypatch, interlock):
    shutil.copytree(case, tmp_path / "case")
    for path in (path for path in (tmp_path / "case").rglob("*") if path.is_file()):
        path.write_text(path.read_text().replace("@DEFAULT_INDEX@", urlsplit(PYPI_SIMPLE_ENDPOINT).hostname))
    monkeypatch.chdir(tmp_path / "case")
    code, out, err = interlock(*shlex.split(words))
    assert f"{out}{err}exit {code}\n" == answer
