"""status, bundle, verify: what is proved, and how to prove it on a GPU."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

import click
import msgspec

from solver.cli.show import echo_json
from solver.commands import verify as provepipe
from solver.core.errors import BadInput
from solver.matrix.load import Matrices, load_matrices
from solver.proof.verify.report import Report, write_report

JSON = click.option("--json", "as_json", is_flag=True, help="print JSON")


def _locks() -> Path:
    return Path.cwd() / "locks"


def _matrices() -> Matrices:
    own = Path.cwd() / "matrices"
    return load_matrices(own if own.is_dir() else None)


def _names(profiles: tuple[str, ...]) -> tuple[str, ...]:
    return profiles or tuple(path.parent.name for path in sorted(_locks().glob("*/solution.yaml")))


@click.command()
@JSON
@click.option("--markdown", is_flag=True, help="print the table of the README")
def status(as_json: bool, markdown: bool) -> None:
    """Tell of every lock whether it is fresh and on which GPUs it was verified."""
    from solver.commands.status import markdown_lines, standing, text_lines

    rows = standing(Path())
    if as_json:
        echo_json(rows)
    else:
        click.echo("\n".join(markdown_lines(rows) if markdown else text_lines(rows)))


@click.command()
@click.argument("profiles", nargs=-1, required=True)
@click.argument("directory", type=click.Path(path_type=Path))
@click.option("--split", "split_size", metavar="SIZE", help="cut the bundle into parts of at most SIZE, e.g. 54MB")
@click.option("--python", type=click.Path(exists=True, path_type=Path), help="carry this python (folder or archive)")
@click.option("--jobs", type=int, default=8, show_default=True, help="downloads at once")
def bundle(profiles: tuple[str, ...], directory: Path, split_size: str | None, python: Path | None, jobs: int) -> None:
    """Put everything that the locks PROFILES need into DIRECTORY, for a GPU machine without a network."""
    shown = _Progress()
    made, parts = provepipe.bundle_locks(
        _locks(), profiles, directory, split_size=split_size, python=python, workers=jobs, progress=shown.tell
    )
    size = sum(file.size for file in made.files) / 1e9
    cut = f", cut into {len(parts)} parts in {directory / 'parts'}" if parts else ""
    click.echo(f"{directory}: {len(made.files)} files, {size:.2f} GB{cut}")


class _Progress:
    """One line that tells how much has come; only on a terminal."""

    def __init__(self) -> None:
        self.done: dict[str, int] = {}
        self.terminal = sys.stderr.isatty()

    def tell(self, name: str, done: int, size: int | None) -> None:
        """Called by the downloads."""
        self.done[name] = done
        if self.terminal:
            click.echo(f"\r{sum(self.done.values()) / 1e6:10.0f} MB  {name[:60]:60}", nl=False, err=True)


@click.command()
@click.argument("profiles", nargs=-1)
@click.option("--bundle", "bundle_dir", type=click.Path(path_type=Path), help="take the locks and files of this bundle")
@click.option("--out", type=click.Path(path_type=Path), help="write evidence, report and log here, not into locks/")
@click.option("--keep", is_flag=True, help="leave the environments in place and tell where")
@click.option("--timeout", type=float, metavar="SECONDS", help="let no probe take longer")
@click.option("--predict", "only_predict", is_flag=True, help="run nothing; say what the probes will report")
@click.option("--gpu", help="compute capability to predict for, e.g. 9.0")
@click.option("--driver", help="driver to predict for")
@click.option("--scheduler", metavar="ADDRESS", help="hand the locks to this Dask cluster")
@click.option(
    "--admit", type=click.Path(exists=True, path_type=Path), help="take evidence from this folder into locks/"
)
@JSON
def verify(
    profiles: tuple[str, ...],
    admit: Path | None,
    only_predict: bool,
    as_json: bool,
    **options: Any,  # noqa: ANN401 - the options of this command, each typed where it is used
) -> None:
    """Install locks on this GPU machine, run the probes, and keep what they saw as evidence."""
    if admit is not None:
        for path in provepipe.admit_folder(admit, _locks()):
            click.echo(str(path))
        return
    if only_predict:
        _predict(profiles, options["gpu"], options["driver"], as_json)
        return
    report = _verified(profiles, **options)
    if as_json:
        echo_json(msgspec.to_builtins(report))
    else:
        _table(report)
    sys.exit(report.exit_code)


def _predict(profiles: tuple[str, ...], gpu: str | None, driver: str | None, as_json: bool) -> None:
    from solver.matrix.gpus import is_capability
    from solver.request.words import parse_driver

    if gpu is not None and not is_capability(gpu):
        raise BadInput(f"{gpu!r} is no compute capability", key="--gpu", fix="write it like 9.0")
    if driver is not None:
        driver = parse_driver(driver)
    found = provepipe.predict_locks(_locks(), _names(profiles), _matrices(), gpu, driver)
    if as_json:
        echo_json(msgspec.to_builtins(found))
        return
    for profile, prediction in found.items():
        click.echo(f"{profile}: {'; '.join(prediction.told())}")


def _verified(
    profiles: tuple[str, ...],
    *,
    bundle_dir: Path | None,
    out: Path | None,
    keep: bool,
    timeout: float | None,
    scheduler: str | None,
    **_: object,
) -> Report:
    """Run the proof the way the options ask for, and write what came of it."""
    from solver.proof.evidence import admit

    if bundle_dir is not None and out is None:
        raise BadInput("a bundle's evidence needs a place", key="--out", fix="name a folder with --out")
    work = Path(tempfile.mkdtemp(prefix="interlock-"))
    limits = {"": timeout} if timeout else None

    def each(so_far: Report) -> None:
        if out is not None:
            write_report(so_far, out, work / "logs")

    matrices = _matrices()
    if scheduler is not None:
        report = provepipe.verify_elsewhere(_locks(), _names(profiles), matrices, scheduler, bundle=bundle_dir)
    elif bundle_dir is not None:
        report = provepipe.verify_bundle(
            bundle_dir, profiles, matrices, work=work, keep=keep, timeouts=limits, each=each
        )
    else:
        names = _names(profiles)
        report = provepipe.verify_locks(_locks(), names, matrices, work=work, keep=keep, timeouts=limits, each=each)
    if out is not None:
        write_report(report, out, work / "logs")
    else:
        for lock in report.locks:
            if lock.evidence is not None:
                click.echo(str(admit(lock.evidence, _locks())))
    if keep:
        click.echo(f"environments and logs: {work}")
    else:
        import shutil

        shutil.rmtree(work, ignore_errors=True)
    return report


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
