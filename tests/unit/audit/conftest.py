"""An environment that a test fills, audited without the machine's own libraries."""

import pytest
from standin_prefix import Prefix

from solver.audit.codes import loader_elf


@pytest.fixture
def prefix(tmp_path, monkeypatch):
    monkeypatch.setattr(loader_elf, "SYSTEM_CACHE", tmp_path / "no-such-cache")
    return Prefix(tmp_path / "venv")
