"""Reads a Dockerfile: the sets of packages that its stages install beside what their base images hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from solver.audit.package_set import Base, Package, PackageSet
from solver.audit.readers.document import Document
from solver.audit.readers.image.dockerfile import Instruction, instructions
from solver.audit.readers.image.environments import PythonEnvironment
from solver.audit.readers.image.files import ImageFiles
from solver.audit.readers.image.installing import Read
from solver.audit.readers.image.shell import UNKNOWN, Room, expanded
from solver.audit.readers.image.stage import Stage, base_python, pairs_of
from solver.core.answer import NotKnown
from solver.core.errors import BadInput
from solver.core.model import PypiName
from solver.core.names import brief, shown
from solver.matrix.images import contents

_SCRATCH = "scratch"
"""The image that holds nothing."""


@dataclass
class _Build:
    """A Dockerfile as its instructions are carried out."""

    document: Document
    read: Read
    context: Path
    arguments: Mapping[str, str]
    """``--build-arg``."""
    globals: dict[str, str] = field(default_factory=dict)
    """ARG before the first FROM."""
    stages: dict[str, Stage] = field(default_factory=dict)
    """By name and by number, in the order of the file."""
    below: set[str] = field(default_factory=set)
    """Names of the stages that another one begins with or takes packages from."""
    last: Stage | None = None
    """The stage that was begun last; None: none was yet."""
    room: Room = field(default_factory=Room)

    def take(self, instruction: Instruction) -> None:
        """Carry out one instruction."""
        if instruction.name == "FROM":
            self._begin(instruction)
        elif instruction.name == "ARG":
            self._argument(instruction.value)
        elif self.last is None:
            problem = f"{instruction.name} stands before any FROM"
            raise BadInput(problem, file=self.document.file, line=instruction.line, fix="begin with FROM image")
        else:
            origin = instruction.flag("from")
            if instruction.name == "COPY" and origin is not None:
                self.below.add(origin.lower())
            self.last.take(instruction, self.stages)

    def _argument(self, value: str) -> None:
        variables = self.globals if self.last is None else self.last.variables
        name, sign, _ = value.partition("=")
        given = self.arguments.get(name.strip()) or (self.globals.get(name.strip()) if not sign else None)
        if given is not None:
            variables[name.strip()] = given
        elif sign:
            # A variable of ENV goes before an argument of its name.
            variables |= {key: text for key, text in pairs_of(value, variables).items() if key not in variables}

    def _begin(self, instruction: Instruction) -> None:
        words = instruction.value.split()
        image = expanded(words[0], {**self.globals, **_PLATFORM}) if words else ""
        number = len({id(stage) for stage in self.stages.values()})
        name = words[2].lower() if len(words) == 3 and words[1].lower() == "as" else str(number)
        before = self.stages.get(image.lower())
        if before is not None:
            self.below.add(before.name)
            self.last = before.branch(name)
        else:
            self.last = self._from(image, name, instruction.line)
        self.stages[name] = self.stages[str(number)] = self.last

    def _from(self, image: str, name: str, line: int) -> Stage:
        """A stage that begins with an image."""
        base, packages, python = _base(image, self.document, line)
        plain = PythonEnvironment(python=python, packages={("pypi", package.name): package for package in packages})
        files = ImageFiles(self.context)
        return Stage(name, self.document, self.read, files, base, environments={"": plain}, room=self.room)


_PLATFORM = {
    "TARGETPLATFORM": "linux/amd64",
    "TARGETARCH": "amd64",
    "TARGETOS": "linux",
    "BUILDPLATFORM": "linux/amd64",
}
"""What Docker itself sets; the default platform's."""


def read_dockerfile(
    document: Document,
    read: Read,
    arguments: Mapping[str, str] | None = None,
    target: str | None = None,
) -> tuple[PackageSet, ...]:
    """The sets of a Dockerfile: of its last stage or of ``target``, first the environment that is in force there.

    Then follow the stages that no other one takes up. ``arguments`` are build arguments, ``read`` reads what is
    copied. Raises ``BadInput`` for what Docker would refuse.
    """
    build = _Build(document, read, document.context or document.folder, arguments or {})
    for instruction in instructions(document.text, document.file):
        build.take(instruction)
    if build.last is None:
        raise BadInput("has no FROM", file=document.file, fix="begin with FROM image")
    if target is None:
        return _sets(build, build.last)
    chosen = build.stages.get(target.lower())
    if chosen is None:
        stages = brief(", ".join(build.stages))
        raise BadInput(f"has no stage {shown(target)}", file=document.file, fix=f"name one of {stages}")
    return tuple(_of_stage(chosen, ""))


def of_image(document: Document, image: str, line: int | None) -> PackageSet:
    """The set of an image that is taken as it is."""
    base, packages, python = _base(image, document, line)
    return PackageSet(kind="image", file=document.file, packages=packages, python=python, base=base)


def _base(image: str, document: Document, line: int | None) -> tuple[Base, tuple[Package, ...], str | None]:
    """What an image is known to hold: its CUDA, its packages, its python."""
    image_contents = contents(document.matrices, image)
    shown = image.replace(UNKNOWN, "…")
    if image.lower() == _SCRATCH:
        return (
            Base(image=shown, source="the image that holds nothing", cuda="none", cudnn="none", whole=True, line=line),
            (),
            None,
        )
    if isinstance(image_contents, NotKnown):
        return Base(image=shown, line=line), (), None
    row = image_contents.row
    base = Base(
        image=shown,
        row=row.id,
        source=row.source,
        cuda=image_contents.cuda,
        cudnn=image_contents.cudnn,
        libraries=image_contents.libraries,
        whole=not isinstance(image_contents.packages, NotKnown),
        line=line,
    )
    known = {} if isinstance(image_contents.packages, NotKnown) else image_contents.packages
    packages = tuple(Package(name=PypiName(name), version=known[name], line=line) for name in known)
    return base, packages, base_python(image_contents.python)


def _sets(build: _Build, last: Stage) -> tuple[PackageSet, ...]:
    """The sets of the last stage, and of those before it that nothing takes up."""
    others = {id(stage): stage for stage in build.stages.values() if stage is not last and stage.installs}
    alone = [stage for stage in others.values() if stage.name not in build.below and not _is_below(build, stage)]
    return (*_of_stage(last, ""), *(one for stage in alone for one in _of_stage(stage, f"stage {stage.name}")))


def _is_below(build: _Build, stage: Stage) -> bool:
    """Whether some instruction names a stage by its number."""
    return any(build.stages.get(name) is stage for name in build.below)


def _of_stage(stage: Stage, part: str) -> Iterator[PackageSet]:
    """The sets of one stage's environments, first the one that is in force, whatever it holds."""
    current = stage.current()
    yield _set(stage, stage.environments[current], part)
    for place, environment in stage.environments.items():
        if place != current and (environment.unread or not _is_base_alone(stage, environment)):
            named = f"environment {place or 'base'}"
            yield _set(stage, environment, f"{part}, {named}" if part else named)


def _is_base_alone(stage: Stage, environment: PythonEnvironment) -> bool:
    """Whether an environment holds nothing, or nothing but what the base image does."""
    return all(package.line == stage.base.line for package in environment.packages.values())


def _set(stage: Stage, environment: PythonEnvironment, part: str) -> PackageSet:
    path = stage.variables.get("LD_LIBRARY_PATH")
    variables = {**environment.variables, **({} if path is None else {"LD_LIBRARY_PATH": path})}
    return PackageSet(
        kind="image",
        file=stage.document.file,
        packages=tuple(environment.packages.values()),
        part=part,
        python=environment.python,
        platform="linux-64",
        variables=tuple(sorted(variables.items())),
        base=stage.base,
        unread=tuple(environment.unread),
    )
