"""The instructions of a Dockerfile, taken apart by dockerfile-parse.

That library knows no here-documents and ends an instruction at an empty line, so that both are told to it in the
words that it knows. The form is that of docs.docker.com/reference/dockerfile.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from solver.audit.readers.image.shell import named_words
from solver.core.errors import BadInput

_INSTRUCTION = re.compile(r"\s*(?P<name>[A-Za-z]+)\s+\S")
_ESCAPE = re.compile(r"\s*#\s*escape\s*=\s*(?P<escape>[\\`])\s*", re.IGNORECASE)
_DIRECTIVE = re.compile(r"\s*#\s*\w+\s*=")
_HERE = re.compile(r"<<-?\s*(?P<quote>[\"']?)(?P<word>[A-Za-z_][\w.]*)(?P=quote)")
_WITH_HERE = frozenset({"RUN", "COPY", "ADD"})
_FLAG = re.compile(r"--(?P<name>[a-z\-]+)(=(?P<value>\S*))?\s+")
_LARGEST = 2**18
"""Letters; the library's time grows with the square of the longest instruction."""
_NAMES = named_words(
    """
    ADD ARG CMD COPY ENTRYPOINT ENV EXPOSE FROM HEALTHCHECK LABEL MAINTAINER ONBUILD RUN SHELL STOPSIGNAL USER VOLUME
    WORKDIR
    """
)


@dataclass(frozen=True)
class Instruction:
    """One instruction."""

    name: str
    """In capitals."""
    value: str
    """What stands behind the name and its flags, continued lines joined."""
    line: int
    """1-based."""
    flags: tuple[tuple[str, str], ...] = ()
    """``--name=value``."""
    documents: tuple[str, ...] = ()
    """Its here-documents."""

    @property
    def words(self) -> list[str] | None:
        """The words of the form ``["a", "b"]``; None where it has another one."""
        if not self.value.startswith("["):
            return None
        try:
            words = json.loads(self.value)
        except (ValueError, RecursionError):
            return None
        return words if isinstance(words, list) and all(isinstance(word, str) for word in words) else None

    def flag(self, name: str) -> str | None:
        """The last value of a flag; None where it is not there."""
        return dict(self.flags).get(name)


def is_dockerfile(first_line: str) -> bool:
    """Whether a text whose first line that says something is this one is a Dockerfile: it begins with ARG or FROM."""
    return re.match(r"(FROM|ARG)\s+\S", first_line, re.IGNORECASE) is not None and "==" not in first_line.split()[0]


def instructions(text: str, file: str) -> list[Instruction]:
    """The instructions of a Dockerfile, in their order; raises ``BadInput`` for what Docker does not know."""
    from dockerfile_parse import DockerfileParser

    if len(text) > _LARGEST:
        raise BadInput(f"is larger than {_LARGEST >> 10} KiB, which no Dockerfile is", file=file)
    plain, documents = _without_documents(text.split("\n"))
    parsed = DockerfileParser(fileobj=io.BytesIO("\n".join(plain).encode()), env_replace=False).structure
    return [_instruction(entry, documents, file) for entry in parsed if entry["instruction"] != "COMMENT"]


def _instruction(entry: dict[str, object], documents: dict[int, tuple[str, ...]], file: str) -> Instruction:
    name, value = str(entry["instruction"]), str(entry["value"]).strip()
    line = int(str(entry["startline"])) + 1
    if name not in _NAMES:
        problem = f"{name[:40]!r} is no instruction of a Dockerfile"
        raise BadInput(problem, file=file, line=line, fix="write it behind a \\ if it goes on with the line above")
    flags: list[tuple[str, str]] = []
    while name in ("FROM", *_WITH_HERE) and (flag := _FLAG.match(value)) is not None:
        flags.append((flag["name"], flag["value"] or ""))
        value = value[flag.end() :]
    return Instruction(name, value, line, tuple(flags), documents.get(line, ()))


def _without_documents(lines: list[str]) -> tuple[list[str], dict[int, tuple[str, ...]]]:
    """``lines`` with comments in the place of here-documents, and those by the line of their instruction."""
    escape = _escape_of(lines)
    plain: list[str] = []
    documents: dict[int, tuple[str, ...]] = {}
    numbered = iter(enumerate(lines, start=1))
    for number, line in numbered:
        start, whole = number, _said(line, escape)
        plain.append(line)
        while _goes_on(line, escape) and (following := next(numbered, None)) is not None:
            line = following[1]
            remark = line.lstrip().startswith("#")
            # An empty line does not end an instruction; Docker warns and reads on.
            plain.append(line if line.strip() else escape)
            whole += "" if remark else _said(line, escape)
            line = escape if remark or not line.strip() else line
        name = _INSTRUCTION.match(whole)
        if name is not None and name["name"].upper() in _WITH_HERE:
            words = [match["word"] for match in _HERE.finditer(whole)]
            documents[start] = tuple(_document(numbered, word, plain) for word in words)
    return plain, documents


def _document(numbered: Iterator[tuple[int, str]], word: str, plain: list[str]) -> str:
    """The lines up to ``word``; in their place comments."""
    kept: list[str] = []
    for _, line in numbered:
        plain.append("#")
        if line.strip("\t") == word:
            break
        kept.append(line)
    return "\n".join(kept)


def _escape_of(lines: list[str]) -> str:
    """The letter that continues a line; a directive at the top may say another than the backslash."""
    for line in lines:
        match = _ESCAPE.fullmatch(line)
        if match is not None:
            return match["escape"]
        if _DIRECTIVE.match(line) is None:
            break
    return "\\"


def _goes_on(line: str, escape: str) -> bool:
    return line.rstrip().endswith(escape) and not line.lstrip().startswith("#")


def _said(line: str, escape: str) -> str:
    return line.rstrip().removesuffix(escape)
