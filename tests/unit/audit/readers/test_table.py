"""Files that none of the readers is for."""

from __future__ import annotations

import pytest
from reading import read

from solver.core.acceptance import accepting
from solver.core.errors import BadInput


def test_yaml_of_no_known_kind_is_told_with_the_kinds_that_there_are(tmp_path):
    with pytest.raises(BadInput) as caught:
        read("title: nothing\n", tmp_path)
    assert str(caught.value) == (
        "a.file: is YAML, but neither pixi.lock nor conda-lock.yml nor environment.yml nor compose.yaml; "
        "expected one of: requirements.txt or pip freeze output, constraints.txt of Interlock, @EXPLICIT file, "
        "Dockerfile, "
        "compose.yaml, environment.yml, conda-lock.yml, pixi.lock, Pipfile, pyproject.toml, uv.lock, pdm.lock, "
        "poetry.lock, pylock.toml, Pipfile.lock, the output of conda list --export, pip list --format json, "
        "conda list --json, pip install --report, pip inspect, conda list, pip list, or an installed prefix"
    )


def test_our_own_bounds_say_what_is_condas(tmp_path):
    head = "# Made by `interlock export constraints.txt demo`; do not edit.\n"
    text = head + "numpy==2.2.6  # of conda\ntensorflow==2.21.0\n# conda installs numpy=2.2.6=py312_0\n"
    for given in (text, accepting(text, {"loader/tensorflow": "it is led there"})):
        found = read(given, tmp_path)
        assert [(one.name, one.version, one.build, one.origin) for one in found.packages] == [
            ("numpy", "2.2.6", "py312_0", "conda"),
            ("tensorflow", "2.21.0", None, "pypi"),
        ]
        assert found.closed
    with pytest.raises(BadInput, match=r"^a.file:4: expected a build such as numpy=2.2=py312_0, found .*export the"):
        read(text.replace("numpy=2.2.6=py312_0", "->"), tmp_path)
    # Anybody else's list of pins is one.
    assert [package.name for package in read("# by hand\ntensorflow==2.21.0\n", tmp_path).packages] == ["tensorflow"]
