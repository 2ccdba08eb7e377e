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
            "a.file: is JSON, but neither Pipfile.lock nor pip inspect nor pip install --report nor "
            "conda list --json nor pip list --format json; "
            "expected one of: requirements.txt or pip freeze output, constraints.txt of Interlock, @EXPLICIT file, "
            "Dockerfile, "
            "compose.yaml, environment.yml, conda-lock.yml, pixi.lock, Pipfile, pyproject.toml, uv.lock, pdm.lock, "
            "poetry.lock, pylock.toml, Pipfile.lock, the output of conda list --export, pip list --format json, "
            "conda list --json, pip install --report, pip inspect, conda list, pip list, or an installed prefix",
        ),
    ],
)
def test_json_of_no_known_kind_is_refused(text, message, tmp_path):
    with pytest.raises(BadInput) as caught:
        read(text, tmp_path)
    assert str(caught.value) == message
