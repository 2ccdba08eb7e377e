"""Helpers that several test modules share lie in tests/support."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))


@pytest.fixture
def fault_server():
    from fault_server import FaultServer

    server = FaultServer()
    yield server
    server.close()
