"""Carries out one step of a build: what it installs is read in the form that the step's tool reads."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from solver.audit.package_set import Package, PackageSet
from solver.audit.readers import conda_packages
from solver.audit.readers.document import Document
from solver.audit.readers.explicit import is_explicit
from solver.audit.readers.image.build_step import BuildStep
from solver.audit.readers.image.environments import PythonEnvironment, with_line
from solver.audit.readers.image.files import CopiedFile, ImageFiles
from solver.audit.readers.image.shell import UNKNOWN
from solver.audit.readers.parts import Choice
from solver.audit.readers.requirements import read_lines, said_lines
from solver.core import reading
from solver.core.errors import BadInput
from solver.core.lines import Line, logical_lines

Read = Callable[[Document], tuple[PackageSet, ...]]
"""Reads another format, such as an environment.yml that is copied into the image."""

_NOWHERE = "which the Dockerfile copies from nowhere"
_PROJECT = re.compile(r"\.{1,2}(\[[^\]]*\])?$|\.{0,2}/|file:")
_NAMELESS = re.compile(r"[\w+]*://|git@|[^=<>~!@\[]*\*")
_OF_PROJECTS = ("pyproject.toml", "setup.cfg", "setup.py", "pylock.toml")
"""What uv takes for a list of requirements beside those of pip."""
_LEADING_NAME = re.compile(r"[A-Za-z0-9][\w.\-]*")


@dataclass(frozen=True)
class Installing:
    """One step and all that it works on."""

    document: Document
    """The Dockerfile."""
    read: Read
    files: ImageFiles
    folder: str
    """The working directory in the image."""
    environment: PythonEnvironment
    line: int
    step: BuildStep

    def carry_out(self, indexes: Sequence[str]) -> None:
        """Add to the environment what the step installs; ``indexes`` are the options that variables stand for."""
        match self.step.act:
            case "pip":
                self._pip(indexes)
            case "uninstall":
                self.environment.uninstall(self.step.words)
            case "conda" | "create":
                self._conda()
            case "environment" | "lock":
                for file in self.step.files:
                    self._file(file)

    # --- pip ------------------------------------------------------------------------------------

    def _pip(self, indexes: Sequence[str]) -> None:
        """What ``pip install`` is given, read as the lines of a requirements file, and the lists of projects."""
        if self.step.alone:
            self.environment.empty()
        lines = [line for option in (*indexes, *self.step.options) for line in self._option(option)]
        lines += [line for word in self.step.words for line in self._requirement(word)]
        markers = self.document.environment(self.environment.python)
        packages = read_lines(lines, self.document.file, markers, self.files.context)
        self.environment.install(with_line(packages, self.line), replaces=self.step.replaces)

    def _option(self, option: str) -> list[Line]:
        word, _, value = option.partition(" ")
        if word == "-e":
            return self._requirement(value)
        if word not in ("-r", "-c"):
            return [] if UNKNOWN in value else [Line(option, self.line)]
        if word == "-r" and posixpath.basename(value) in _OF_PROJECTS:
            self._file(value)
            return []
        copied = self._copied(value)
        if copied is None:
            return []
        if copied.text is not None:
            return [replace(one, number=self.line) for one in said_lines(copied.text)]
        return [Line(f"{word} {copied.path}", self.line)]

    def _requirement(self, word: str) -> list[Line]:
        """The line of one requirement; nothing, and a word about it, where nobody can tell what it is."""
        if _PROJECT.match(word) and not word.endswith(".whl"):
            self._say_unread(f"installs the project in {shown_of_build(word)}, whose requirements are not read")
        elif "egg=" in word and UNKNOWN not in word:
            return [Line(f"-e {word}", self.line)]
        elif _NAMELESS.match(word) and not word.endswith(".whl"):
            self._say_unread(f"installs {shown_of_build(word)}, which says neither name nor version")
        elif UNKNOWN not in word:
            return [Line(word, self.line)]
        else:
            self._say_unread(f"asks for {shown_of_build(word)}, whose variable has no value here")
            name = _LEADING_NAME.match(word)
            return [Line(name[0], self.line)] if name else []
        return []

    # --- conda and locks ------------------------------------------------------------------------

    def _conda(self) -> None:
        self._specs(self.step.words)
        for file in self.step.files:
            self._file(file)

    def _specs(self, words: Sequence[str]) -> None:
        packages: list[Package] = []
        for word in words:
            package = None if UNKNOWN in word else conda_packages.from_spec(word, self.line)
            if package is None:
                self._say_unread(f"asks for {shown_of_build(word)}, which nobody can tell")
            else:
                packages.append(package)
        self.environment.install(packages)
        self.environment.python = conda_packages.python_among(packages) or self.environment.python

    def _file(self, file: str) -> None:
        """A file of another format: an environment.yml, an explicit file, a list of specs, a lock."""
        copied = self._copied(file)
        if copied is None:
            return
        document = _document(self.document, copied, self.files.context, Choice(self.step.extras, self.step.groups))
        if self.step.act in ("conda", "create") and document.yaml is None and not is_explicit(document.text):
            self._specs([line.text for line in logical_lines(document.text)])
            return
        try:
            part = self.read(document)[0]
        except BadInput as error:
            self._say_unread(f"reads {copied.path or shown_of_build(file)}, which cannot be followed ({error.problem})")
            return
        self.environment.install(with_line(part.packages, self.line), replaces=True)
        self.environment.python = part.python or self.environment.python
        self.environment.variables |= dict(part.variables)
        for sentence in part.unread:
            self.environment.take_unread(sentence)

    def _copied(self, path: str) -> CopiedFile | None:
        copied = None if UNKNOWN in path else self.files.find(posixpath.join(self.folder, path))
        if copied is None:
            self._say_unread(f"reads {shown_of_build(path)}, {_NOWHERE}")
        elif not self.files.holds(copied):
            another = " (--context names another folder)" if self.document.context is None else ""
            where = f"the build's context {self.files.context}{another}"
            self._say_unread(f"reads {copied.path}, which is not in {where}")
            return None
        return copied

    def _say_unread(self, problem: str) -> None:
        self.environment.take_unread(f"line {self.line}: `{shown_of_build(self.step.text)}` {problem}")


def name_of_environment(step: BuildStep, files: ImageFiles, document: Document, folder: str) -> str | None:
    """The name that the environment.yml of a step gives its environment; None where it gives none."""
    for file in step.files if step.act == "environment" else ():
        copied = None if UNKNOWN in file else files.find(posixpath.join(folder, file))
        if copied is not None and files.holds(copied):
            parsed = _document(document, copied, files.context, document.choice).yaml
            name = parsed.data.get("name") if parsed is not None and isinstance(parsed.data, dict) else None
            return name if isinstance(name, str) else None
    return None


def _document(dockerfile: Document, copied: CopiedFile, context: Path, choice: Choice) -> Document:
    """A file of the image to be read; raises ``BadInput`` where it cannot be."""
    if copied.text is not None:
        return replace(dockerfile, text=copied.text, choice=choice, context=None)
    path = context / copied.path
    text = reading.read_text(path, missing="there is no such file, which the Dockerfile copies")
    return replace(dockerfile, text=text, file=str(path), folder=path.parent, choice=choice, context=None)


def shown_of_build(text: str) -> str:
    """``text`` of a build as it is told, variables without a value as an ellipsis."""
    return text.replace(UNKNOWN, "…")
