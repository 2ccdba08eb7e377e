"""Work in copies of a process: in order, with what the process itself knows, and alone where it could not be copied."""

import subprocess
import sys

import pytest

from solver.core.parallel import in_parallel

SCRIPT = """\
import os, threading
from solver.core.parallel import in_parallel
parent, known, release = os.getpid(), {3: "three"}, threading.Event()
os.sched_getaffinity = lambda _: {0, 1}
def work(number):
    return known.get(number, number * 2), os.getpid() == parent
def told(things):
    results = in_parallel(work, things)
    return [value for value, _ in results], {here for _, here in results}
%s
print(told(range(6)), told(range(3)))
release.set()
"""
THREAD = "threading.Thread(target=release.wait).start()"


@pytest.mark.parametrize(("before", "here"), [("", "{False}"), (THREAD, "{True}")])
def test_each_thing_is_worked_on_in_a_copy_unless_threads_forbid_it(before, here):
    ran = subprocess.run(
        [sys.executable, "-c", SCRIPT % before], capture_output=True, text=True, check=True, timeout=60
    )
    assert ran.stdout == f"([0, 2, 4, 'three', 8, 10], {here}) ([0, 2, 4], {{True}})\n"


def test_what_goes_wrong_is_raised_here():
    with pytest.raises(ZeroDivisionError):
        in_parallel(lambda number: 1 // number, [1, 0, 1, 1])
