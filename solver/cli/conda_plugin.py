"""``conda interlock …``: Interlock as a subcommand of the conda beside which it is installed.

conda imports this at each of its starts (entry point ``conda``), so that nothing of ours is loaded until it is called.
"""

import importlib
import sys
from collections.abc import Iterator
from typing import Any

from conda.plugins import hookimpl
from conda.plugins.types import CondaSubcommand


@hookimpl  # type: ignore[untyped-decorator]  # conda is not there where types are checked
def conda_subcommands() -> Iterator[Any]:
    """What conda asks its plugins for."""
    yield CondaSubcommand(
        name="interlock",
        summary="Find what is broken in an environment (audit), or what this machine lacks for a lock (doctor).",
        action=_run,
    )


def _run(words: tuple[str, ...]) -> None:
    """The command line with ``words``; ends the process with its exit code."""
    sys.argv = ["interlock", *words]
    importlib.import_module("solver.cli.program").main()
