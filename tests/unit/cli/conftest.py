"""The folder in which the command line runs."""

import own_index
import pytest
from other_platform import record_elsewhere
from user_folder import REQUEST

from solver.index.pypi import INDEX_URL


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A user's own folder with a request, where the command runs."""
    (tmp_path / "environment.yml.in").write_text(REQUEST)
    record_elsewhere(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def index(tmp_path, interlock, monkeypatch, fault_server):
    """An index on the loopback interface that has own-tool, which needs a helper with two malformed releases."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("INTERLOCK_OFFLINE")
    monkeypatch.setenv(INDEX_URL, f"{fault_server.url}/simple/")
    monkeypatch.setenv("INTERLOCK_CACHE_DIR", str(tmp_path / "cache"))
    own_index.add(fault_server, "own-tool", {"1.0": ["helper>=1"], "2.0": ["helper>=2", "numpy"], "3.0rc1": []})
    own_index.add(
        fault_server, "helper", {"1.0": [], "2.0": ['fast-thing; extra == "fast"'], "2.1": ["broken (>=1.9.*)"]}
    )
    (tmp_path / "environment.yml.in").write_text(own_index.REQUEST)
    return fault_server
