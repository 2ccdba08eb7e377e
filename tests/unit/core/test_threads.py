"""Threads that wait for what may never come are no reason for an interrupted command to stay."""

import threading

import pytest
from fault_server import Answer

from solver.core.threads import ending, thread_pool
from solver.index.web import NoAnswer, Web


def test_an_interrupt_ends_who_waits_for_a_silent_server(fault_server):
    asked = threading.Event()

    def silent(server, stream):
        asked.set()
        server.over.wait()

    fault_server.answers["/silent"] = Answer(raw=silent)
    with pytest.raises(KeyboardInterrupt), thread_pool(1) as pool, Web(patience=10) as web:
        waiting = pool.submit(web.get, f"{fault_server.url}/silent", 100)
        assert asked.wait(30)
        raise KeyboardInterrupt
    with pytest.raises(NoAnswer, match=r"^it was given up"):
        waiting.result(timeout=0)
    assert not ending.is_set()


def test_a_failure_leaves_what_has_not_begun():
    free, begun = threading.Event(), []
    with pytest.raises(ValueError, match="first"), thread_pool(1) as pool:
        pool.submit(free.wait)
        rest = [pool.submit(begun.append, number) for number in range(3)]
        threading.Timer(0.1, free.set).start()
        raise ValueError("first")
    assert (begun, [one.cancelled() for one in rest]) == ([], [True] * 3)
