"""The folder in which the command line runs."""

import pytest
from user_folder import REQUEST


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A user's own folder with a request, where the command runs."""
    (tmp_path / "environment.yml.in").write_text(REQUEST)
    monkeypatch.chdir(tmp_path)
    return tmp_path
