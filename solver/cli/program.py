"""The command line: parses, calls the pipeline, prints, and turns errors into exit codes."""

from __future__ import annotations

import logging
import os
import sys

import click

from solver import __version__
from solver.cli.failures import INTERRUPTED, NOBODY_READS, ended_in_order, failure_of, shown
from solver.cli.lazy import Lazy, LazyGroup

COMMANDS = {
    "init": Lazy("solver.cli.starting:init", "Make a request of the files that are here."),
    "lock": Lazy("solver.cli.locking:lock", "Make the locks of profiles, or of every profile."),
    "export": Lazy("solver.cli.locking:export", "Write another format of a lock."),
    "install": Lazy("solver.cli.locking:install", "Install a lock: every hash checked, whole or not at all."),
    "heal": Lazy("solver.cli.checking:heal", "Make frameworks that break each other work in one environment."),
    "create": Lazy("solver.cli.creating:create", "Make an environment of a lock, by conda or another program."),
    "solve": Lazy("solver.cli.solving:solve", "Print a solution, with the row behind each choice."),
    "explain": Lazy("solver.cli.solving:explain", "Tell whether versions can live together, and why not."),
    "pairs": Lazy("solver.cli.pairs:pairs", "Search every known TensorFlow x torch pair."),
    "diff": Lazy("solver.cli.solving:diff", "What one lock has less, more and else than another."),
    "audit": Lazy("solver.cli.checking:audit", "Find what is broken in a lock, a file or a prefix."),
    "doctor": Lazy("solver.cli.checking:doctor", "Tell whether this machine can run the locks."),
    "status": Lazy("solver.cli.proving:status", "Which locks are fresh, and on which GPUs they ran."),
    "bundle": Lazy("solver.cli.proving:bundle", "Pack locks for a GPU machine without a network."),
    "verify": Lazy("solver.cli.proving:verify", "Install locks on this GPU machine and run the probes."),
    "matrices": Lazy("solver.cli.matrices:matrices", "Work on the compatibility matrices."),
    "refresh": Lazy("solver.cli.matrices:refresh", "Renew the facts that can be read from the indexes."),
}


@click.group(cls=LazyGroup, lazy=COMMANDS, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="interlock")
def interlock() -> None:
    """Lock PyTorch and TensorFlow into one GPU environment, say why, and prove it."""


class _Waiting(logging.Handler):
    """Tells on the error stream what is waited for, and what is odd about a server."""

    def emit(self, record: logging.LogRecord) -> None:
        """Called by logging."""
        click.echo(shown(f"interlock: {record.getMessage()}"), err=True)


def _log_to_stderr() -> None:
    log = logging.getLogger("interlock")
    log.setLevel(logging.INFO)
    if not log.handlers:
        log.addHandler(_Waiting())


def main() -> None:
    """Console entry. Exit codes: 0 fine, 1 a check says no, 2 bad input, 3 no solution, 4 index, 5 our bug."""
    _log_to_stderr()
    try:
        with ended_in_order():
            interlock.main(standalone_mode=False)
        sys.stdout.flush()
    except click.ClickException as error:
        told = shown(error.format_message())
        again = click.UsageError(told, error.ctx) if isinstance(error, click.UsageError) else click.ClickException(told)
        again.show()
        sys.exit(2)
    except click.Abort as abort:
        if not isinstance(abort.__context__, EOFError):
            sys.exit(INTERRUPTED)
        # Whoever asks in a script waits for an answer that never comes.
        click.echo(
            "\ninterlock: nobody answers the question; answer it in a terminal, or see --help for --yes", err=True
        )
        sys.exit(2)
    except SystemExit:
        raise
    except BaseException as error:  # an interrupt is no Exception, nor is what py-rattler raises where it gives up
        sentence, code = failure_of(error)
        if code == NOBODY_READS:
            # Or python would try once more to write what it holds, and tell of it.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if sentence:
            click.echo(sentence, err=True)
        sys.exit(code)
