"""status, bundle, verify: what is proved, and how to prove it on a GPU."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import NoReturn

import click
import msgspec

from solver.cli.options import JSON, known_profiles
from solver.cli.show import echo_json
from solver.commands.bundle import bundle as bundle_locks
from solver.commands.bundle import refuse_stale
from solver.commands.predict import predict_locks
from solver.commands.project import project_root
from solver.commands.status import Standing, facts, standings
from solver.commands.verify import Manner, admit_folder
from solver.commands.verify import verify as verify_locks
from solver.core.answer import NotKnown
from solver.index.days import age
from solver.proof.prediction import Prediction
from solver.proof.verify.report import Report


@click.command()
@JSON
@click.option("--markdown", is_flag=True, help="print the table of the README")
@click.option(
    "--signed-by",
    metavar="KEY",
    type=click.Path(path_type=Path),
    help="count only evidence signed with this public key",
)
def status(as_json: bool, markdown: bool, signed_by: Path | None) -> None:
    """Tell of every lock whether it is fresh and on which GPUs it was verified."""
    rows, days = standings(Path(), signed_by), facts(Path())
    if as_json:
        known = {part: None if isinstance(day, NotKnown) else day.isoformat() for part, day in days.items()}
        echo_json({"version": 1, "locks": msgspec.to_builtins(rows), "facts": known})
    elif markdown:
        click.echo("\n".join(_markdown_lines(rows)))
    else:
        ages = ", ".join(f"{part} {age(day, date.today())}" for part, day in days.items())
        click.echo("\n".join([*_text_lines(rows), f"facts: {ages}"]))


def _text_lines(rows: Sequence[Standing]) -> Iterator[str]:
    for row in rows:
        gpus = ", ".join(f"{gpu}: {state}" for gpu, state in row.gpus.items()) or "never on a GPU"
        yield f"{row.profile}: {row.lock}; {gpus}" + (f" ({row.note})" if row.note else "")


def _markdown_lines(rows: Sequence[Standing]) -> Iterator[str]:
    """The table of the README."""
    gpus = sorted({gpu for row in rows for gpu in row.gpus})
    yield "| lock | state | " + "".join(f"{gpu} | " for gpu in gpus) + "note |"
    yield "|---|---|" + "---|" * (len(gpus) + 1)
    for row in rows:
        cells = "".join(f"{row.gpus.get(gpu, 'never')} | " for gpu in gpus)
        yield f"| {row.profile} | {row.lock} | {cells}{row.note} |"


@click.command()
@click.argument("profiles", nargs=-1, required=True, shell_complete=known_profiles)
@click.argument("directory", type=click.Path(path_type=Path))
@click.option("--split", "split_size", metavar="SIZE", help="cut the bundle into parts of at most SIZE, e.g. 54MB")
@click.option(
    "--python",
    "pythons",
    multiple=True,
    metavar="WHICH",
    help="carry this python: an executable, a folder, an archive, or a version such as 3.12; may be given for each",
)
@click.option("--jobs", type=click.IntRange(1, 64), default=8, show_default=True, help="downloads at once")
def bundle(
    profiles: tuple[str, ...], directory: Path, split_size: str | None, pythons: tuple[str, ...], jobs: int
) -> None:
    """Put everything that the locks PROFILES need into DIRECTORY, for a GPU machine without a network."""
    root = project_root(Path())
    refuse_stale(root, profiles)
    manifest, parts = bundle_locks(
        root,
        profiles,
        directory,
        split_size=split_size,
        pythons=pythons,
        workers=jobs,
        progress=_Progress().show,
        tell=lambda weight: click.echo(f"to fetch: {weight}", err=True),
    )
    size = sum(file.size for file in manifest.files) / 1e9
    cut = f", cut into {len(parts)} parts in {directory / 'parts'}" if parts else ""
    click.echo(f"{directory}: {len(manifest.files)} files, {size:.2f} GB{cut}")


class _Progress:
    """One line that tells how much has come; only on a terminal."""

    def __init__(self) -> None:
        self.done: dict[str, int] = {}
        self.terminal = sys.stderr.isatty()

    def show(self, name: str, done: int, size: int | NotKnown) -> None:
        """Called by the downloads."""
        self.done[name] = done
        if self.terminal:
            click.echo(f"\r{sum(self.done.values()) / 1e6:10.0f} MB  {name[:60]:60}", nl=False, err=True)


def _seconds(_: click.Context, __: click.Parameter, value: float | None) -> float | None:
    if value is not None and not 0 < value <= 1e9:  # "nan" is a number to click
        raise click.BadParameter(f"{value} is no time to wait")
    return value


@click.command()
@click.argument("profiles", nargs=-1, shell_complete=known_profiles)
@click.option("--bundle", "bundle_dir", type=click.Path(path_type=Path), help="take the locks and files of this bundle")
@click.option("--out", type=click.Path(path_type=Path), help="write evidence, report and log here, not into locks/")
@click.option("--keep", is_flag=True, help="leave the environments in place and tell where")
@click.option("--timeout", type=float, callback=_seconds, metavar="SECONDS", help="let no probe take longer")
@click.option("--predict", "only_predict", is_flag=True, help="run nothing; say what the probes will report")
@click.option("--gpu", "gpus", multiple=True, help="GPU to predict for, e.g. 9.0 or 'RTX 4090'; of several: a table")
@click.option("--driver", help="driver to predict for")
@click.option("--scheduler", metavar="ADDRESS", help="hand the locks to this Dask cluster")
@click.option(
    "--admit", type=click.Path(exists=True, path_type=Path), help="take evidence from this folder into locks/"
)
@click.option(
    "--sign", metavar="KEY", type=click.Path(path_type=Path), help="sign the evidence in locks/ with this private key"
)
@JSON
def verify(
    profiles: tuple[str, ...],
    bundle_dir: Path | None,
    out: Path | None,
    keep: bool,
    timeout: float | None,
    only_predict: bool,
    gpus: tuple[str, ...],
    driver: str | None,
    scheduler: str | None,
    admit: Path | None,
    sign: Path | None,
    as_json: bool,
) -> None:
    """Install locks on this GPU machine, run the probes, and keep what they saw as evidence."""
    if (gpus or driver) and not only_predict:
        raise click.UsageError(
            "--gpu and --driver are for --predict: what runs here is proved on the GPU of this machine"
        )
    if admit is not None:
        for path in admit_folder(admit, project_root(Path()), sign):
            click.echo(str(path))
    elif only_predict:
        _predict(profiles, gpus, driver, as_json)
    else:
        manner = Manner(
            bundle=bundle_dir, out=out, keep=keep, timeout=timeout, scheduler=scheduler, sign=sign, tell=_say
        )
        _verify(profiles, manner, as_json)


def _say(line: str) -> None:
    """Tell of a step on the standard error, which no table or JSON goes to."""
    click.echo(line, err=True)


def _predict(profiles: tuple[str, ...], gpus: tuple[str, ...], driver: str | None, as_json: bool) -> None:
    root = project_root(Path())
    columns = {gpu or "this machine": predict_locks(root, profiles, gpu, driver) for gpu in gpus or (None,)}
    several = len(columns) > 1
    if as_json:
        echo_json(msgspec.to_builtins(columns if several else next(iter(columns.values()))))
        return
    if several:
        _grid(columns)
    for gpu, predictions in columns.items():
        for profile, prediction in predictions.items():
            if not several or prediction.sentences() != (prediction.verdict,):
                click.echo(f"{profile}{f' on {gpu}' if several else ''}: {'; '.join(prediction.sentences())}")


def _grid(columns: Mapping[str, Mapping[str, Prediction]]) -> None:
    """A row for each lock, a column for each GPU; the sentences below tell why."""
    from rich.console import Console
    from rich.table import Table

    table = Table("lock", *columns, box=None)
    for profile in next(iter(columns.values())):
        table.add_row(profile, *(predictions[profile].verdict for predictions in columns.values()))
    Console(width=None if sys.stdout.isatty() else 160).print(table)


def _verify(profiles: tuple[str, ...], manner: Manner, as_json: bool) -> NoReturn:
    outcome = verify_locks(project_root(Path()), profiles, manner)
    # With --json nothing but JSON goes to the standard output.
    for path in outcome.evidence:
        click.echo(str(path), err=as_json)
    if outcome.work is not None:
        click.echo(f"environments and logs: {outcome.work}", err=as_json)
    if as_json:
        echo_json(msgspec.to_builtins(outcome.report))
    else:
        _table(outcome.report)
    sys.exit(outcome.report.exit_code)


def _table(report: Report) -> None:
    from rich.console import Console
    from rich.table import Table

    header, *rows = report.table()
    table = Table(*header, box=None)
    for row in rows:
        table.add_row(*row)
    Console(width=None if sys.stdout.isatty() else 160).print(table)
    for lock in report.locks:
        if lock.why:
            click.echo(f"{lock.profile}: {lock.why}")
        for line in lock.prediction:
            click.echo(f"{lock.profile}: not as predicted: {line}")
