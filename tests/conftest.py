"""What all tests share: helpers lie in tests/support and tests/soak, and nothing here asks an index unless told to."""

import sys
from pathlib import Path
from uuid import uuid4

import pytest

sys.path.insert(0, str(Path(__file__).parent / "soak"))
sys.path.insert(0, str(Path(__file__).parent / "support"))

from drawing import register_profiles
from fault_server import FaultServer

from solver.cli import program
from solver.index import conda_config, web

register_profiles()


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch):
    """Whoever does not answer a question is asked again at once, and a conda channel not at all."""
    monkeypatch.setattr(web, "BACKOFF", 0.0)
    monkeypatch.setattr(conda_config, "RETRIES", 0)


@pytest.fixture(autouse=True)
def own_repodata(monkeypatch, tmp_path_factory):
    """A channel's answers are kept by address, and the next server may well get this one's port."""
    folder = tmp_path_factory.getbasetemp() / "rattler" / uuid4().hex
    monkeypatch.setenv("RATTLER_CACHE_DIR", str(folder))


@pytest.fixture
def fault_server():
    server = FaultServer()
    yield server
    server.close()


@pytest.fixture
def own_cache(monkeypatch, tmp_path_factory):
    """The user's cache folder, empty and of this test alone."""
    folder = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("INTERLOCK_CACHE_DIR", str(folder))
    return folder


@pytest.fixture
def interlock(monkeypatch, capsys, own_cache):
    """Runs the command as its console script does: (exit code, stdout, stderr)."""

    monkeypatch.setenv("INTERLOCK_OFFLINE", "1")  # whoever wants an index plays one and says so
    monkeypatch.setenv("COLUMNS", "100")  # else the width is that of whatever runs the tests

    def run(*words):
        monkeypatch.setattr(sys, "argv", ["interlock", *map(str, words)])
        code = 0
        try:
            program.main()
        except SystemExit as ended:
            code = ended.code
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return run


def pytest_collection_modifyitems(config, items):
    """Leave out what needs the package index, unless markers are chosen by ``-m``."""
    if not config.option.markexpr:
        asking = [item for item in items if item.get_closest_marker("index")]
        config.hook.pytest_deselected(items=asking)
        items[:] = [item for item in items if not item.get_closest_marker("index")]
