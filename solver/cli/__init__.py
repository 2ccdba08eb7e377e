"""The command line: parses, calls the pipeline, prints, and turns errors into exit codes."""

from __future__ import annotations

import sys

import click

from solver import __version__
from solver.cli.lazy import LazyGroup
from solver.core.errors import InterlockError

COMMANDS = {
    "lock": "solver.cli.locking:lock",
    "export": "solver.cli.locking:export",
    "install": "solver.cli.locking:install",
    "solve": "solver.cli.solving:solve",
    "explain": "solver.cli.solving:explain",
    "pairs": "solver.cli.solving:pairs",
    "diff": "solver.cli.solving:diff",
    "audit": "solver.cli.checking:audit",
    "doctor": "solver.cli.checking:doctor",
    "status": "solver.cli.proving:status",
    "bundle": "solver.cli.proving:bundle",
    "verify": "solver.cli.proving:verify",
    "matrices": "solver.cli.matrices:matrices",
    "refresh": "solver.cli.matrices:refresh",
}


@click.group(cls=LazyGroup, lazy=COMMANDS, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="interlock")
def interlock() -> None:
    """Lock PyTorch and TensorFlow into one GPU environment, say why, and prove it."""


def main() -> None:
    """Console entry. Exit codes: 0 fine, 1 a check says no, 2 bad input, 3 no solution, 4 index, 5 our bug."""
    try:
        interlock.main(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except click.Abort:
        sys.exit(130)
    except InterlockError as error:
        prefix = "interlock (a bug of ours, please report it)" if error.exit_code == 5 else "interlock"
        click.echo(f"{prefix}: {error}", err=True)
        sys.exit(error.exit_code)
    except Exception:
        import traceback

        click.echo(f"interlock (a bug of ours, please report it): {traceback.format_exc()}", err=True)
        sys.exit(5)
