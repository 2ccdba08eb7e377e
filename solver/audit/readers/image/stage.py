"""One stage of a build: what its instructions install into which environment."""

from __future__ import annotations

import posixpath
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from solver.audit.package_set import Base
from solver.audit.readers.document import Document
from solver.audit.readers.image.build_step import BuildStep
from solver.audit.readers.image.dockerfile import Instruction
from solver.audit.readers.image.environments import PythonEnvironment
from solver.audit.readers.image.files import ImageFiles
from solver.audit.readers.image.installing import Installing, Read, name_of_environment, shown_of_build
from solver.audit.readers.image.installs import build_steps
from solver.audit.readers.image.shell import UNKNOWN, NoScript, Room, expanded
from solver.audit.readers.image.system import with_system_packages
from solver.core.answer import NotKnown
from solver.core.versions import python_minor
from solver.matrix.images import system_python
from solver.matrix.rows import NONE

_PLAIN = ""
"""The environment of the image's own python, or of conda's base."""
_INDEX_VARIABLES = {
    "PIP_INDEX_URL": "--index-url",
    "PIP_EXTRA_INDEX_URL": "--extra-index-url",
    "PIP_FIND_LINKS": "--find-links",
    "UV_DEFAULT_INDEX": "--index-url",
    "UV_INDEX_URL": "--index-url",
    "UV_INDEX": "--extra-index-url",
    "UV_EXTRA_INDEX_URL": "--extra-index-url",
    "UV_FIND_LINKS": "--find-links",
}
_OWN_FOLDER = {"uv": ".venv", "pixi": ".pixi"}
"""Tools that install a lock into an environment of its own, unless they are told another one."""
_HERE = re.compile(r"<<-?\s*[\"']?\w[\w.]*[\"']?")
_BIND = re.compile(r"(?:^|,)(type|source|src|from|target|dst|destination)=([^,]*)")
_PACKAGES = re.compile(
    r"(^|/)(site-packages|dist-packages)(/|$)|^/(usr(/local)?(/lib)?(/python[\d.]+)?)?/?$|^/root/\.local/?$"
)
"""Folders that hold what is installed for the image's own python."""
_OF_ANOTHER = re.compile(r"(^|/)(site-packages|dist-packages|(\.?venv|envs?|cuda[\d.-]*)|(mini|ana)?conda3?)(/|$)|^/$")
"""What an image that is no stage of the file may bring packages or CUDA from."""


_DEEPEST = 4
"""How far scripts that run scripts are followed."""


@dataclass
class _Run:
    """What the commands of one RUN have in common."""

    line: int
    files: ImageFiles
    active: str | None = None
    """The environment that was activated; None: none was."""


@dataclass
class Stage:
    """A stage as it is built up."""

    name: str
    document: Document
    read: Read
    files: ImageFiles
    base: Base
    variables: dict[str, str] = field(default_factory=dict)
    """Those of ENV, and of ARG with a value."""
    folder: str = "/"
    """WORKDIR."""
    environments: dict[str, PythonEnvironment] = field(default_factory=lambda: {_PLAIN: PythonEnvironment()})
    """By the name of conda's, or by its folder."""
    shell: str | None = None
    """The environment in which SHELL runs everything; None: in none."""
    room: Room = field(default_factory=Room)
    """For the scripts of all stages of the file."""

    def branch(self, name: str) -> Stage:
        """A stage that begins with this one."""
        values = {place: environment.branch() for place, environment in self.environments.items()}
        return replace(self, name=name, files=self.files.branch(), variables=dict(self.variables), environments=values)

    @property
    def installs(self) -> bool:
        """Whether it installs anything beside what its base image holds."""
        every = self.environments.values()
        return any(environment.unread or environment.packages for environment in every)

    def take(self, instruction: Instruction, stages: Mapping[str, Stage]) -> None:
        """Carry out one instruction; ``stages`` are those before, by name and number."""
        match instruction.name:
            case "ENV":
                self.variables |= pairs_of(instruction.value, self.variables)
            case "WORKDIR":
                self.folder = self._path(expanded(instruction.value, self.variables).strip("\"'"))
            case "SHELL":
                self.shell = _place_of(instruction.words or [])
            case "COPY" | "ADD":
                self._copy(instruction, stages)
            case "RUN":
                self._run(instruction)

    def current(self) -> str:
        """The environment that a command works on which names none."""
        if self.shell is not None:
            return self._known(self.shell)
        folders = self.variables.get("PATH", "").split(":")
        for folder in folders:
            place = self._known(posixpath.dirname(folder.rstrip("/")))
            if place != _PLAIN:
                return place
        named = (self.variables.get(name, "") for name in ("VIRTUAL_ENV", "CONDA_DEFAULT_ENV", "CONDA_PREFIX"))
        return next((place for name in named if name and (place := self._known(name)) != _PLAIN), _PLAIN)

    def _known(self, place: str) -> str:
        """The environment of that name or folder; the plain one where none was made there."""
        path = self._path(place) if "/" in place or place.startswith(".") else place
        names = (path, posixpath.basename(path) if "/envs/" in path else path)
        return next((name for name in names if name in self.environments), _PLAIN)

    def _path(self, path: str) -> str:
        return posixpath.normpath(posixpath.join(self.folder, path))

    # --- files ----------------------------------------------------------------------------------

    def _copy(self, instruction: Instruction, stages: Mapping[str, Stage]) -> None:
        words = instruction.words or [expanded(word, self.variables) for word in _words(instruction.value)]
        sources = [word for word in words[:-1] if not word.startswith("<<")]
        target = self._path(words[-1]) + ("/" if words[-1].endswith(("/", ".")) else "") if words else ""
        for text in instruction.documents:
            self.files.write(target, text)
        origin = instruction.flag("from")
        if origin is None:
            self.files.copy(sources, target)
        elif (stage := stages.get(expanded(origin, self.variables).lower())) is not None:
            for source in sources:
                self._take_over(stage, posixpath.normpath(posixpath.join("/", source)), target)
        elif any(map(_OF_ANOTHER.search, sources)):
            what = shown_of_build(f"COPY --from={expanded(origin, self.variables)} {' '.join(sources)}")
            problem = f"line {instruction.line}: `{what}` brings packages of another image, which nobody read"
            self.environments[self.current()].take_unread(problem)

    def _take_over(self, stage: Stage, source: str, target: str) -> None:
        """``COPY --from=stage source target``: the environments that lie in it, and files."""
        self.files.take_over(stage.files, source, target)
        for place, environment in stage.environments.items():
            if place == _PLAIN and _PACKAGES.search(source):
                self.environments[_PLAIN].add(environment)
            elif place != _PLAIN and _is_in(place, source) and (environment.packages or environment.unread):
                moved = posixpath.normpath(posixpath.join(target, posixpath.relpath(place, source)))
                self._environment(_PLAIN if _PACKAGES.search(moved) else moved).add(environment)

    def _environment(self, place: str) -> PythonEnvironment:
        return self.environments.setdefault(place, PythonEnvironment(python=self.environments[_PLAIN].python))

    # --- commands -------------------------------------------------------------------------------

    def _run(self, instruction: Instruction) -> None:
        mounted = self.files.branch()
        for flag, value in instruction.flags:
            if flag == "mount":
                self._mount(mounted, expanded(value, self.variables))
        folder = self.folder
        for script in self._scripts(instruction):
            self._carry_out(script, _Run(instruction.line, mounted))
            self.folder = folder  # each RUN begins in WORKDIR

    def _carry_out(self, script: str, run: _Run, depth: int = 0) -> None:
        """What a script does, and those that it runs."""
        try:
            for step in build_steps(script, self.variables, self.room):
                if step.act == "activate":
                    run.active = step.place
                elif step.act == "cd":
                    self.folder = self._path(step.files[0])
                elif step.act == "script":
                    self._carry_out_file(step, run, depth)
                else:
                    self._step(step, run.active, run.line, run.files)
        except NoScript as error:
            problem = f"line {run.line}: RUN is no shell script ({error})"
            self.environments[self.current()].take_unread(problem)

    def _carry_out_file(self, step: BuildStep, run: _Run, depth: int) -> None:
        """What a script does that lies in the image; where nobody can tell that, a word about it."""
        path = step.files[0]
        copied = None if UNKNOWN in path or depth == _DEEPEST else run.files.find(self._path(path))
        text = None if copied is None else run.files.text(copied)
        if text is not None:
            self._carry_out(text, run if step.text.startswith((". ", "source ")) else replace(run), depth + 1)
            return
        problem = f"line {run.line}: `{shown_of_build(step.text)}` runs a script that nobody read"
        self.environments[self._place(step, run.active, run.files)].take_unread(problem)

    def _mount(self, files: ImageFiles, value: str) -> None:
        """``--mount=type=bind``: a file of the context for the time of one RUN."""
        fields = dict(_BIND.findall(value))
        target = fields.get("target") or fields.get("dst") or fields.get("destination")
        if fields.get("type", "bind") == "bind" and "from" not in fields and target:
            # Docker takes a target that is not absolute from WORKDIR.
            files.copy([fields.get("source") or fields.get("src") or "."], self._path(target))

    def _scripts(self, instruction: Instruction) -> Iterator[str]:
        """The shell scripts that an instruction runs."""
        if instruction.words is not None:
            yield shlex.join(instruction.words)
            return
        rest = _HERE.sub(" ", instruction.value).strip() if instruction.documents else instruction.value
        if instruction.documents and re.fullmatch(r"((/\S*/)?(ba|da|z)?sh(\s+-\w+)*)?", rest):
            yield from (text for text in instruction.documents if re.match(r"#!(?!.*sh\b)", text) is None)
            return
        written = re.search(r">\s*(\S+)", rest)
        if instruction.documents and written is not None:
            self.files.write(self._path(written[1].strip("\"'")), "\n".join(instruction.documents))
        yield rest

    def _step(self, step: BuildStep, active: str | None, line: int, files: ImageFiles) -> None:
        """Carry out one step of a script in which ``active`` was activated."""
        if step.act == "system":
            self._install_of_the_system(step, line)
            return
        place = self._place(step, active, files)
        if step.act == "create":
            self.environments[place] = PythonEnvironment(python=step.python or self.environments[_PLAIN].python)
        installing = Installing(self.document, self.read, files, self.folder, self.environments[place], line, step)
        installing.carry_out(self._index_options())

    def _install_of_the_system(self, step: BuildStep, line: int) -> None:
        """What the distribution's package manager installs."""
        plain, of_system = self.environments[_PLAIN], system_python(self.document.matrices, self.base.image)
        self.base, python = with_system_packages(self.base, step.words, of_system)
        if plain.python is not None or python is None:
            return
        if not isinstance(python, NotKnown):
            plain.python = python
        elif self.base.row is not None:  # of an image that nobody read that is told of all of it
            plain.take_unread(f"line {line}: `{shown_of_build(step.text)}` installs a python whose version nobody read")

    def _place(self, step: BuildStep, active: str | None, files: ImageFiles) -> str:
        """Which environment a step is about, made where it makes one."""
        named = step.place or (name_of_environment(step, files, self.document, self.folder) if step.makes else None)
        if named is not None:
            return self._made(named) if step.makes else self._known(named)
        if active is not None:
            return self._known(active)
        current, own = self.current(), _OWN_FOLDER.get(step.text.partition(" ")[0])
        if own is None or current != _PLAIN or "--system" in step.text or self.variables.get("UV_SYSTEM_PYTHON"):
            return current
        folder = self._path(self.variables.get("UV_PROJECT_ENVIRONMENT", own))
        return self._made(folder) if step.act == "lock" or folder in self.environments else current

    def _made(self, place: str) -> str:
        """An environment at that place, made where there is none."""
        known = self._known(place)
        if known != _PLAIN or place in ("base", "/opt/conda"):
            return known
        name = self._path(place) if "/" in place else place
        self.environments[name] = PythonEnvironment(python=self.environments[_PLAIN].python)
        return name

    def _index_options(self) -> tuple[str, ...]:
        problem = ((option, self.variables.get(variable, "")) for variable, option in _INDEX_VARIABLES.items())
        return tuple(f"{option} {address}" for option, values in problem for address in values.split())


def pairs_of(value: str, variables: Mapping[str, str]) -> dict[str, str]:
    """The variables of ``ENV a=b c=d``, or of the older ``ENV a b``; what nobody knows is left out."""
    words = _words(value)
    if words and "=" not in words[0]:
        name, _, rest = value.strip().partition(" ")
        pairs = [(name, rest.strip())]
    else:
        pairs = [(word.partition("=")[0], word.partition("=")[2]) for word in words]
    values = {name: expanded(text, variables) for name, text in pairs}
    # A folder that is put before an unknown PATH is known all the same.
    return {name: text for name, text in values.items() if UNKNOWN not in text or name == "PATH"}


def _words(value: str) -> list[str]:
    try:
        return shlex.split(value)
    except ValueError:
        return value.split()


def _place_of(words: list[str]) -> str | None:
    """The environment of ``SHELL ["conda", "run", "-n", "name", …]``."""
    at = next((position for position, word in enumerate(words) if word in ("-n", "--name", "-p", "--prefix")), None)
    return words[at + 1] if at is not None and at + 1 < len(words) else None


def _is_in(place: str, folder: str) -> bool:
    """Whether an environment lies in a folder, or is the folder."""
    return place == folder or place.startswith(folder.rstrip("/") + "/")


def base_python(python: str | NotKnown) -> str | None:
    """The python (major.minor) by which a set on an image is judged; None: the image names none."""
    return None if isinstance(python, NotKnown) or python == NONE else python_minor(python)
