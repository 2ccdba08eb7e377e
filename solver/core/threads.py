"""Work in several threads that an interrupt ends: python itself would wait until each of them is done."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

ending = threading.Event()
"""Set while somebody ends this process: who waits in a thread looks at it every second, and waits no more."""


@contextmanager
def thread_pool(workers: int) -> Iterator[ThreadPoolExecutor]:
    """As ``ThreadPoolExecutor``; where anything fails, what has not begun is left, and an interrupt ends the rest."""
    pool = ThreadPoolExecutor(workers)
    try:
        yield pool
    except BaseException as error:
        if not isinstance(error, Exception):
            ending.set()
        pool.shutdown(cancel_futures=True)
        ending.clear()
        raise
    finally:
        pool.shutdown()
