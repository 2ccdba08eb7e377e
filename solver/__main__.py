"""``python -m solver``, and what the console script calls."""

import importlib
import os
import signal


def main() -> None:
    """Run the command line; an interrupt ends it with exit code 130 and no word, whatever was loaded by then."""
    ours = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if ours:
        # Loading takes some tenths of a second, and python tells of an interrupt by a traceback.
        signal.signal(signal.SIGINT, _leave)
    command_line = importlib.import_module("solver.cli")
    if ours:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        command_line.main()
    finally:
        if ours:
            signal.signal(signal.SIGINT, _leave)


def _leave(*_: object) -> None:
    os._exit(130)


if __name__ == "__main__":
    main()
