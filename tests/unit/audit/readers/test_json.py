"""What the readers of JSON share."""

from __future__ import annotations

import pytest
from reading import read

from solver.core.errors import BadInput


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"_meta": {},\n "default": }', "a.file:2: expected JSON, but Expecting value"),
        (
            '{"title": "nothing"}',
            "a.file: is JSON, but neither Pipfile.lock nor what pip or conda tells of an environment; expected one "
            "of: requirements.txt, pylock.toml, uv.lock, poetry.lock, pdm.lock, Pipfile.lock, conda-lock.yml, "
            "pixi.lock, environment.yml, pyproject.toml, Pipfile, "
            "an @EXPLICIT file, a Dockerfile, compose.yaml, the output of pip freeze, pip "
            "list, pip inspect or conda list, or an installed prefix",
        ),
    ],
)
def test_json_of_no_known_kind_is_refused(text, message, tmp_path):
    with pytest.raises(BadInput) as caught:
        read(text, tmp_path)
    assert str(caught.value) == message
