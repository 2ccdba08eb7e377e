"""Files that none of the readers is for."""

from __future__ import annotations

import pytest
from reading import read

from solver.core.errors import BadInput


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
