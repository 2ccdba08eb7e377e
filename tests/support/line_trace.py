"""What is done before one line of some modules: tests and the soak end processes there."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from types import ModuleType


class LineTrace:
    """Counts the lines of ``modules`` that a process passes, in whatever thread, and calls ``then`` before one of them.

    That one is the ``number``-th; before none where it is 0.
    """

    def __init__(self, modules: Iterable[ModuleType], number: int, then: Callable[[], object]) -> None:
        self.passed = 0
        self._files = {module.__file__ for module in modules}
        self._number, self._then = number, then

    def __call__(self, frame, event, _):
        if frame.f_code.co_filename not in self._files:
            return None
        if event == "line":
            self.passed += 1
            if self.passed == self._number:
                sys.settrace(None)
                self._then()
        return self

    @contextmanager
    def on(self) -> Iterator[None]:
        """Count while it lasts."""
        threading.settrace(self)
        sys.settrace(self)
        try:
            yield
        finally:
            sys.settrace(None)
            threading.settrace(None)
