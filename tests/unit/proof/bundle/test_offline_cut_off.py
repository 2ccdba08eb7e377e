"""verify.py is killed while it proves, and started again."""

import os
import subprocess
import sys

import pytest
from small_bundle import MINOR, run, subject

from solver.core.wheelfile import pack_wheel
from solver.proof.bundle.make import LockToCarry, make_bundle

# Stands in for interlock: the first run says that it has begun and waits to be ended, a later one comes to its end.
CLI = b"""
import os, pathlib, signal, sys
def main():
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    out = pathlib.Path(sys.argv[sys.argv.index("--out") + 1])
    out.mkdir(exist_ok=True)
    with (out / "log").open("a") as log:
        first = log.tell() == 0
        print("begun", file=log, flush=True)
        if first:
            (out.parent / "begun").write_text("")
            signal.sigwait({signal.SIGTERM})
        print("ended", file=log, flush=True)
    return 0
"""


@pytest.fixture
def bundle(tmp_path):
    members = {"solver/__init__.py": b"", "solver/cli/__init__.py": b"", "solver/cli/program.py": CLI}
    (tmp_path / "lock").mkdir()
    lock = LockToCarry(subject=subject(tmp_path / "lock", "full"), python=MINOR, wheels=())
    make_bundle([lock], tmp_path / "bundle", tool={MINOR: ()}, interlock=pack_wheel("interlock-1", members, {}))
    return tmp_path / "bundle"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a process with the one that started it")
def test_the_next_run_begins_when_a_killed_one_has_ended(bundle, tmp_path):
    os.mkfifo(tmp_path / "begun")
    command = [sys.executable, "-I", str(bundle / "verify.py"), "--out", str(tmp_path / "out")]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as cut:
        (tmp_path / "begun").read_text()
        cut.kill()
    done = run(bundle / "verify.py", "--out", tmp_path / "out", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "out" / "log").read_text().split() == ["begun", "ended", "begun", "ended"]
