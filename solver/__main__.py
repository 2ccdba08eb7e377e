"""``python -m solver``, and what the console script calls."""

import gc
import importlib
import os
import signal
import sys
import warnings

_BY_SIGNAL = 128
"""Exit codes of what a signal ended are above it."""


def main() -> None:
    """Run the command line; an interrupt ends it with exit code 130 and no word, whatever was loaded by then."""
    _open_what_is_closed()
    if not sys.warnoptions:
        # What libraries think of what they read, with lines of their code: whoever uses us can do nothing about it.
        warnings.simplefilter("ignore")
    # A search makes a hundred thousand small values that live to its end: looking for rubbish among them every
    # 700 of them takes a tenth of the time and finds next to none.
    gc.set_threshold(50_000, 20, 20)
    ours = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if ours:
        # Loading takes some tenths of a second, and python tells of an interrupt by a traceback.
        signal.signal(signal.SIGINT, _leave)
    command_line = importlib.import_module("solver.cli.program")
    if ours:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        command_line.main()
    except SystemExit as end:
        if isinstance(end.code, int) and end.code > _BY_SIGNAL:
            # Python would wait for each thread that still asks something.
            importlib.import_module("solver.core.threads").ending.set()
        raise
    finally:
        if ours:
            signal.signal(signal.SIGINT, _leave)


def _open_what_is_closed() -> None:
    """Have the three standard streams lead nowhere where whoever started this process closed them.

    The next file that is opened would get the number of a closed one, and with it what is printed.
    """
    for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        try:
            os.fstat(number)
        except OSError:
            opened = os.open(os.devnull, os.O_RDWR)
            if opened != number:
                os.dup2(opened, number)
                os.close(opened)
        if getattr(sys, name) is None:
            setattr(sys, name, open(number, mode, closefd=False, encoding="utf-8"))  # noqa: SIM115


def _leave(*_: object) -> None:
    os._exit(130)


if __name__ == "__main__":
    main()
