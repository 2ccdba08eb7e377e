"""An installation that is killed anywhere: nothing half-done passes for whole, and the next one works."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from channel_lock import Lock, run_python
from paths import ROOT, TESTS

from solver.audit.readers.prefix import is_prefix, read_prefix
from solver.core.errors import BadInput
from solver.core.scratch import UNFINISHED
from solver.lock.install.prefix import install_lock

SCRIPT = TESTS / "support" / "killed_install.py"
POINTS = 6
"""Lines of a run before which one is killed; the soak tries many more."""
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are killed as Linux does")


@pytest.fixture
def lock(built_channel, tmp_path):
    return Lock(built_channel, tmp_path)


def killed(lock, prefix, line, *python):
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, str(SCRIPT), lock.folder, prefix, lock.channel, str(line), *python]
    return subprocess.run(list(map(str, command)), env=environ, capture_output=True, text=True, timeout=240)


def is_whole(prefix):
    return run_python(prefix, "import tiny; print(tiny.VALUE)") == ["7"]


@pytest.mark.parametrize("kind", ["conda", "venv"])
def test_whatever_a_kill_leaves_is_known_and_replaced(lock, tmp_path, kind):
    python = [Path(sys.executable)] if kind == "venv" else []
    place = tmp_path / "place"
    counted = killed(lock, place / "counted", 0, *python)
    lines = int(counted.stdout)
    assert counted.returncode == 0 and is_whole(place / "counted")
    for point in range(POINTS):
        prefix = place / f"prefix-{point}"
        line = 1 + (lines - 1) * point // (POINTS - 1)
        assert killed(lock, prefix, line, *python).returncode == -signal.SIGKILL
        if (prefix / UNFINISHED).exists():
            with pytest.raises(BadInput, match="was never finished"):
                read_prefix(prefix)
        elif is_prefix(prefix):
            assert is_whole(prefix)
            continue
        install_lock(lock.folder, prefix, folder=lock.channel, python=python[0] if python else None)
        assert is_whole(prefix) and not (prefix / UNFINISHED).exists()
        assert [path.name for path in place.glob(".*")] == []
