"""Files that none of the readers is for."""

from __future__ import annotations

import pytest
from reading import read

from solver.core.acceptance import accepting
from solver.core.errors import BadInput
from solver.core.model import Profile
from solver.lock.constraints import constraints_txt


def test_yaml_of_no_known_kind_is_told_with_the_kinds_that_there_are(tmp_path):
    with pytest.raises(BadInput) as caught:
        read("title: nothing\n", tmp_path)
    assert str(caught.value) == (
        "a.file: is YAML, but neither conda-lock.yml nor pixi.lock nor environment.yml nor compose.yaml; "
        "expected one of: requirements.txt, pylock.toml, uv.lock, poetry.lock, pdm.lock, Pipfile.lock, conda-lock.yml, "
        "pixi.lock, environment.yml, pyproject.toml, "
        "an @EXPLICIT file, a Dockerfile, compose.yaml, the output of pip freeze, pip "
        "list, pip inspect or conda list, or an installed prefix"
    )


def test_our_own_bounds_are_no_set(tmp_path):
    text = constraints_txt(Profile(name="demo"), {"tensorflow": "2.21.0"}, ())
    for given in (text, accepting(text, {"loader/tensorflow": "it is led there"})):
        with pytest.raises(BadInput) as caught:
            read(given, tmp_path)
        assert str(caught.value) == (
            "a.file:1: holds bounds for what pip installs beside a lock, and no set of packages; audit the lock "
            "itself, or an environment of it"
        )
    # Anybody else's list of pins is one.
    assert [package.name for package in read("# by hand\ntensorflow==2.21.0\n", tmp_path).packages] == ["tensorflow"]
