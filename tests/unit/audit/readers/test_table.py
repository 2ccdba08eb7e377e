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
        "a.file: is YAML, but neither conda-lock.yml nor pixi.lock nor environment.yml nor compose.yaml; "
        "expected one of: requirements.txt, pylock.toml, uv.lock, poetry.lock, pdm.lock, Pipfile.lock, conda-lock.yml, "
        "pixi.lock, environment.yml, pyproject.toml, Pipfile, "
        "an @EXPLICIT file, a Dockerfile, compose.yaml, the output of pip freeze, pip "
        "list, pip inspect or conda list, or an installed prefix"
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
