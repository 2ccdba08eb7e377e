"""init: a request made of the files that are there, or of what a person answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from solver.commands.init_lock import wished
from solver.commands.project import REQUEST_FILE, built_in_snapshot, open_matrices, open_snapshot
from solver.commands.rivals import NewestAsks, settle_rivals
from solver.core.answer import NOT_KNOWN, NotKnown
from solver.core.errors import BadInput
from solver.core.frameworks import FRAMEWORKS
from solver.core.machine import this_machine
from solver.core.model import CondaName, PypiName, Target
from solver.core.names import without_secrets
from solver.core.whole import put_whole
from solver.core.yamlfile import parse_yaml
from solver.index.conda_names import recorded_names
from solver.index.conda_snapshot import CondaSnapshot
from solver.index.conda_spec import CondaSpec, meets_spec
from solver.index.condarc import read_settings
from solver.index.private import LiveIndexes
from solver.matrix.names import Names
from solver.request.carry import draft_of
from solver.request.draft import CondaWorld, Draft
from solver.request.read import parse_request
from solver.request.request_file import Hardware, request_text
from solver.request.sources import find_source

Question = Callable[[str, str], str]
"""Puts a question with its usual answer to a person; returns what is answered."""


@dataclass(frozen=True)
class Made:
    """A request that was written."""

    path: Path
    source: str | None
    """The file that it was made of; None: of answers."""
    remarks: tuple[str, ...]
    """A line for each thing that does not stand in it as it stood in the file."""


def init(root: Path, source: Path | None, ask: Question | None, *, offline: bool = False) -> Made:
    """Write the request of ``root``, made of ``source`` or of the first file there that another tool reads.

    Unless ``offline``, the index is asked where a package has rivals that write the same files. ``ask`` puts
    questions where there is no such file; None: this machine answers them. Raises ``BadInput`` where there is a
    request already, or the file cannot be used.
    """
    target = root / REQUEST_FILE
    if target.exists():
        raise BadInput("is here already", file=REQUEST_FILE, fix="change it, or move it away")
    matrices = open_matrices(root)
    path = find_source(root) if source is None else source
    if path is None:
        made, machine = _answered(root, ask)
    else:
        made = draft_of(wished(path), root.resolve().name, CondaWorld(_recorded, _named, _twins(Names(matrices))))
        settle_rivals(made, matrices, NewestAsks(open_snapshot(root), None if offline else LiveIndexes()))
        machine = _this()
    text = request_text(made, machine)
    parse_request(parse_yaml(text, REQUEST_FILE), matrices)
    put_whole(target, text)
    return Made(target, None if path is None else path.name, tuple(map(without_secrets, _lines(made))))


def _recorded(channel: str, spec: CondaSpec | None) -> bool:
    source = CondaSnapshot(built_in_snapshot())
    records = (record for subdir in (Target().platform, "noarch") for record in source.records(channel, subdir))
    if spec is None:
        return any(True for _ in records)
    named = (record for record in records if record.name == spec.name)
    text = f"{spec.name} {spec.versions}"
    return any(
        not spec.versions or meets_spec(text, spec.name, record.version, record.build, record.subdir)
        for record in named
    )


def _named(channel: str) -> str:
    return read_settings().name_of(channel) if "://" in channel else channel


def _twins(names: Names) -> Callable[[CondaName], PypiName | None]:
    recorded = recorded_names(built_in_snapshot())

    def twin(name: CondaName) -> PypiName | None:
        known = names.recorded(name)
        return recorded.get(name) if isinstance(known, NotKnown) else known

    return twin


def _this() -> Hardware:
    machine = this_machine()
    return Hardware(tuple(dict.fromkeys(gpu.capability for gpu in machine.gpus)), machine.driver or NOT_KNOWN)


def _answered(root: Path, ask: Question | None) -> tuple[Draft, Hardware]:
    here = _this()
    usual = {
        "frameworks": ", ".join(FRAMEWORKS),
        "python": "3.12",
        "GPUs, by name or compute capability (empty: any)": ", ".join(here.gpus),
        "oldest NVIDIA driver (empty: any that is usual)": here.driver or "",
    }
    frameworks, python, gpus, driver = (answer if ask is None else ask(what, answer) for what, answer in usual.items())
    made = Draft(name=root.resolve().name, channels=["conda-forge"], python=python)
    words = _words(frameworks)
    if unknown := [word for word in words if word not in FRAMEWORKS]:
        raise BadInput(
            f"there is no framework {unknown[0]}", key="frameworks", fix=f"choose from {', '.join(FRAMEWORKS)}"
        )
    made.frameworks = {name: "" for name in FRAMEWORKS if name in words}
    return made, Hardware(tuple(_words(gpus)), driver.strip().removeprefix(">=") or NOT_KNOWN)


def _words(text: str) -> Sequence[str]:
    return [word.strip() for word in text.split(",") if word.strip()]


def _lines(made: Draft) -> Sequence[str]:
    if made.frameworks:
        return made.remarks
    if made.target is not None:
        return [*made.remarks, "the lock holds no framework, and the request asks for none"]
    return [
        *made.remarks,
        "it names neither TensorFlow nor torch; add torch==${torch} or tensorflow==${tensorflow} under pip:",
    ]
