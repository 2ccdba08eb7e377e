"""audit and doctor: what a set or a machine would break."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import click

from solver.audit.checked import nothing_found
from solver.audit.readers.parts import Choice
from solver.audit.report import as_json as findings_json
from solver.audit.report import as_lines as findings_lines
from solver.audit.report import names_of
from solver.cli.options import JSON, LIVE, known_profiles
from solver.cli.show import Json, echo_json
from solver.commands.audit import Audited, Given, active_environment, audit_path, given
from solver.commands.doctor import Diagnosis, diagnose
from solver.commands.fix import Repair, fix_file
from solver.commands.heal import Healed
from solver.commands.heal import heal as heal_prefix
from solver.commands.heal import undo as undo_healing
from solver.commands.project import Reach, project_root
from solver.core import reading
from solver.core.acceptance import FORM, is_id, is_reason
from solver.core.answer import NotKnown
from solver.core.errors import BadInput
from solver.core.model import SEVERITIES, Finding, Severity
from solver.core.names import shown
from solver.core.spelling import command
from solver.matrix.libraries import LOADER

STANDARD_INPUT = "standard input"
"""As errors name it."""
TARGET = click.option(
    "--target",
    "targets",
    multiple=True,
    metavar="KEY=VALUE",
    help="platform=, python=, driver=, gpu=, glibc=, cpu= of the machine; may be repeated",
)


def target_words(values: tuple[str, ...]) -> dict[str, object]:
    """The words of ``--target KEY=VALUE``; raises ``BadInput`` for what is none."""
    words: dict[str, object] = {}
    gpus: list[str] = []
    for value in values:
        key, sign, text = value.partition("=")
        if not sign or not text:
            raise BadInput(f"{value!r} is no KEY=VALUE", key="--target", fix="write it like driver=550 or gpu=9.0")
        if key == "gpu":
            gpus += text.split(",")
        else:
            words[key] = text
    return {**words, "gpu": gpus} if gpus else words


def acceptance(values: tuple[str, ...]) -> dict[str, str]:
    """The reasons of ``--accept ID=REASON`` by id; raises ``BadInput`` for what is none."""
    accepted: dict[str, str] = {}
    for value in values:
        name, _, reason = value.partition("=")
        if not is_id(name):
            raise BadInput(f"{FORM}, found {shown(name)}", key="--accept", fix="--json tells the id of each finding")
        if not is_reason(reason):
            raise BadInput(f"expected a reason behind {name}", key="--accept", fix=f"write {name}=why it does no harm")
        accepted[name] = reason.strip()
    return accepted


@click.command()
@click.argument("what", required=False, type=click.Path(path_type=Path))
@TARGET
@click.option("--extra", "extras", multiple=True, help="an extra of the lock; only what is chosen is looked at")
@click.option("--group", "groups", multiple=True, help="a group or a category of the lock")
@click.option("--environment", "environments", multiple=True, help="an environment of a pixi.lock")
@click.option("--service", "services", multiple=True, help="a service of a compose file")
@click.option(
    "--context", type=click.Path(path_type=Path), help="the folder that a Dockerfile is built in, where not its own"
)
@click.option("--platform", help="the same as --target platform=")
@JSON
@LIVE
@click.option("--fix", is_flag=True, help="write the nearest set that passes beside WHAT and show what changed")
@click.option("--in-place", is_flag=True, help="with --fix: over WHAT, if that is a requirements file")
@click.option(
    "--fail-on", type=click.Choice(SEVERITIES), default="error", show_default=True, help="the mildest that exits with 1"
)
@click.option(
    "--accept", "accepts", multiple=True, metavar="ID=REASON", help="a row or a finding that fails nothing, and why"
)
@click.option("--vulnerabilities", is_flag=True, help="also ask for known vulnerabilities (needs the network)")
def audit(
    what: Path | None,
    targets: tuple[str, ...],
    extras: tuple[str, ...],
    groups: tuple[str, ...],
    environments: tuple[str, ...],
    services: tuple[str, ...],
    context: Path | None,
    platform: str | None,
    as_json: bool,
    live: bool,
    fix: bool,
    in_place: bool,
    fail_on: Severity,
    accepts: tuple[str, ...],
    vulnerabilities: bool,
) -> None:
    """Find what is broken in WHAT: a lock of any tool, a requirements file or a prefix; exit 1 if anything is.

    WHAT may be - for the standard input; without it the active environment is looked at.
    """
    words = target_words((*targets, *([f"platform={platform}"] if platform else [])))
    subject = replace(_subject(what), choice=Choice(extras, groups, environments, services), context=context)
    if fix:
        repair = fix_file(
            project_root(Path()),
            subject,
            words,
            reach=Reach.ALL if live else Reach.RECORD,
            in_place=in_place,
            accept=acceptance(accepts),
        )
        click.echo("\n".join(_repair_lines(subject.path, repair)))
        sys.exit(1 if repair.fails(fail_on) else 0)
    audited = audit_path(
        project_root(Path()),
        subject,
        words,
        dict(os.environ),
        live=live,
        vulnerabilities=vulnerabilities,
        accept=acceptance(accepts),
    )
    _print_audited(audited, as_json=as_json)
    sys.exit(1 if audited.fails(fail_on) else 0)


def _print_audited(audited: Audited, *, as_json: bool) -> None:
    if as_json:
        echo_json({**findings_json(audited.findings), **({"idle": list(audited.idle)} if audited.idle else {})})
    else:
        nothing = nothing_found(audited.checked)
        width = shutil.get_terminal_size((100, 24)).columns
        click.echo("\n".join(findings_lines(audited.findings, nothing, width)))
        if audited.parts:
            click.echo(f"looked at: {names_of(audited.parts)}")
    for name in audited.idle:
        click.echo(f"interlock: {name} is accepted, and nothing was found of it", err=True)


def _subject(what: Path | None) -> Given:
    if what is None:
        return active_environment(os.environ)
    if what != Path("-"):
        return given(what)
    content = sys.stdin.buffer.read(reading.LARGEST + 1)
    reading.refuse_large(len(content), STANDARD_INPUT)
    return Given(Path(STANDARD_INPUT), reading.decoded(content, STANDARD_INPUT))


@click.command()
@click.argument("profile", required=False, shell_complete=known_profiles)
@JSON
def doctor(profile: str | None, as_json: bool) -> None:
    """Tell whether this machine can run the locks, or the one of PROFILE; exit 1 if it cannot."""
    diagnosis = diagnose(Path(), profile)
    if as_json:
        echo_json(_diagnosis_json(diagnosis))
    else:
        click.echo("\n".join(_diagnosis_lines(diagnosis)))
    sys.exit(0 if diagnosis.fine else 1)


@click.command()
@click.argument("prefix", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--undo", is_flag=True, help="take out again what this command put in")
@JSON
def heal(prefix: Path, undo: bool, as_json: bool) -> None:
    """Put our loader into the environment PREFIX where its frameworks break each other, and try their imports."""
    done = undo_healing(project_root(Path()), prefix) if undo else heal_prefix(project_root(Path()), prefix)
    if as_json:
        rows = [breach.rule.id for breach in done.breaches]
        outcome = {"heals": rows, "loader": done.loader, "probes": list(done.probes), "doubts": list(done.doubts)}
        echo_json({"version": 1, **outcome})
    else:
        click.echo("\n".join(_healed_lines(prefix, done, undone=undo)))


def _healed_lines(prefix: Path, done: Healed, *, undone: bool) -> Iterator[str]:
    if undone:
        now = "nothing of ours is in it" if done.loader is None else f"{LOADER} {done.loader} is in it, as before"
        yield f"{prefix}: taken out again; {now}"
    elif not done.breaches:
        what = command("interlock", "audit", str(prefix))
        yield f"{prefix}: nothing in it is broken that {LOADER} heals; {what} tells what else is"
    else:
        how = "put into it" if done.probes else "in it already"
        yield f"{prefix}: healed by {LOADER} {done.loader}, {how}:"
        for breach in done.breaches:
            yield f"  {breach.rule.code}: {breach.rule.why}"
        if done.probes:
            back = command("interlock", "heal", str(prefix), "--undo")
            yield f"imports tried: {', '.join(done.probes)}; {back} takes it out"
        if done.doubts:
            yield f"nobody read whether these work with it: {', '.join(done.doubts)}"


def _repair_lines(what: Path, repair: Repair) -> Iterator[str]:
    if repair.fixed is None:
        yield "no set near to this one passes; `interlock explain` tells why two packages cannot live together"
        return
    yield f"{what}: nothing to mend" if repair.file is None else f"wrote {repair.file}:"
    for change in repair.fixed.changes:
        after = "taken out" if change.after is None else change.after.stated
        yield f"  {change.name}: {change.stated} -> {after}: {change.why}"
    if repair.change:
        yield repair.change
    for finding in repair.fixed.left:
        yield f"  left: {finding.code}: {finding.why}{_accepted(finding)}"


def _accepted(finding: Finding) -> str:
    return "" if finding.accepted is None else f" (accepted: {finding.accepted})"


def _diagnosis_json(diagnosis: Diagnosis) -> Json:
    here, machine = diagnosis.here, diagnosis.here.machine
    return {
        "version": 1,
        "machine": {
            "driver": machine.driver or None,
            "gpus": [{"name": gpu.name, "capability": gpu.capability} for gpu in machine.gpus],
            "glibc": here.glibc or None,
            "cpu": None if isinstance(here.cpu, NotKnown) else here.cpu,
            "python": diagnosis.python,
        },
        "profiles": [{"profile": fit.profile, "problems": list(fit.problems)} for fit in diagnosis.fits],
    }


def _shown(version: str | NotKnown | None) -> str:
    if isinstance(version, NotKnown):
        return "not known"
    return "none" if version is None else version


def _diagnosis_lines(diagnosis: Diagnosis) -> Iterator[str]:
    here, machine = diagnosis.here, diagnosis.here.machine
    gpus = ", ".join(f"{gpu.name} ({gpu.capability})" for gpu in machine.gpus) or "no NVIDIA GPU"
    cpu = "not known" if isinstance(here.cpu, NotKnown) else here.cpu
    driver, glibc = (_shown(one) for one in (machine.driver, here.glibc))
    yield f"this machine: {gpus}, driver {driver}, glibc {glibc}, processor {cpu}"
    for fit in diagnosis.fits:
        yield f"  {fit.profile}: {'; '.join(fit.problems) or 'fine'}"
    if not diagnosis.fits:
        yield "there is no request here to hold against it; `interlock init` makes one"
