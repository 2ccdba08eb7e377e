"""The lines of formats that another program reads line by line, or as code; one typed writer each.

Each refuses, as ``BadInput``, what its format cannot hold: an end of a line, NUL, an option
where a name belongs, a quote that would end a quotation. Whoever hands over text from outside
has checked it at the door; a text that gets here all the same stops here. Nothing else in the
project formats such lines by hand. YAML, TOML and JSON have writers of their own, which quote.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from solver.core import names
from solver.core.errors import BadInput

WHEELS = "wheels"
"""The folder of a lock in which wheels of our own lie."""
LOCAL_WHEELS = f"--find-links ./{WHEELS}"
"""The option by which a requirements file of ours finds our own wheels."""
_BUILDS = "--no-binary"
_IMAGE_PART = r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
# distribution/reference: [host[:port]/]path[:tag]
_IMAGE = re.compile(
    rf"(?:(?:localhost|[A-Za-z0-9\-]+(?:\.[A-Za-z0-9\-]+)+|[A-Za-z0-9\-]+(?=:[0-9]))(?::[0-9]+)?/)?"
    rf"{_IMAGE_PART}(?:/{_IMAGE_PART})*(?::[A-Za-z0-9_][A-Za-z0-9_.\-]{{0,127}})?"
)
_IMAGE_DIGEST = re.compile(rf"sha256:{names.SHA256}")
_WORD = re.compile(r"[A-Za-z0-9_.,:/+@=\-]+")
_FRAGMENT = re.compile(r"[A-Za-z0-9%&+.:=_\-]+")


def refuse(what: str, text: object, why: str) -> BadInput:
    """The error of a writer: ``what`` cannot hold ``text``."""
    return BadInput(f"{what} cannot hold {names.shown(text)}: {why}")


def _named(what: str, check: names.NameCheck, text: object) -> str:
    try:
        return check(text)
    except names.BadName as error:
        raise BadInput(f"{what} cannot hold it: {error}") from None


# --- every format with lines ------------------------------------------------------------------------


def comment(text: str) -> str:
    """A comment line, as shells, requirements, YAML and Dockerfiles have it."""
    if not names.is_one_line(text):
        raise refuse("a comment", text, "it would end the line")
    return f"# {text}"


# --- pip --------------------------------------------------------------------------------------------


def building_line(name: str) -> str:
    """The option of a requirements file by which a package is built from its source archive."""
    return f"{_BUILDS} {_named('a requirements file', names.project, name)}"


def built_by(line: str) -> str | None:
    """The package that such a line is about; None where it is none."""
    option, _, name = line.partition(" ")
    return name if option == _BUILDS and names.is_project(name) else None


def requirement_line(
    name: str,
    *,
    version: str | None = None,
    specifier: str = "",
    url: str | None = None,
    extras: Iterable[str] = (),
    hashes: Iterable[str] = (),
) -> str:
    """One logical line of a requirements or constraints file: a package at a version, an address or a range.

    ``hashes`` are sha256, each 64 lower-case hex digits.
    """
    where = "a requirements file"
    _named(where, names.project, name)
    checked = [_named(where, names.project, extra) for extra in extras]
    line = name + (f"[{','.join(checked)}]" if checked else "")
    if url is not None:
        address, mark, fragment = url.partition("#")
        if mark and not _FRAGMENT.fullmatch(fragment):
            raise refuse(where, url, "its fragment is none of an address")
        line += f" @ {_named(where, names.address, address)}{mark}{fragment}"
    elif version is not None:
        line += f"=={_named(where, names.any_version, version)}"
    else:
        line += _specifier(specifier)
    return "".join([line, *(f" --hash=sha256:{_named(where, names.sha256, digest)}" for digest in hashes)])


def wrapped(line: str) -> str:
    """A logical line of ``requirement_line`` as a file has it: one hash a line."""
    return line.replace(" --hash=", " \\\n    --hash=")


def _specifier(text: str) -> str:
    try:
        SpecifierSet(text)
    except (InvalidSpecifier, ValueError):
        raise refuse("a requirements file", text, "it is no version specifier") from None
    if not names.is_one_line(text):
        raise refuse("a requirements file", text, "it would end the line")
    return text


# --- conda ------------------------------------------------------------------------------------------


def explicit_line(url: str, sha256: str) -> str:
    """One archive of an @EXPLICIT file.

    sha256 behind its own prefix is read by conda (24.9 and newer), micromamba 2 and rattler alike.
    """
    where = "an @EXPLICIT file"
    return f"{_named(where, names.address, url)}#sha256:{_named(where, names.sha256, sha256)}"


# --- shells -----------------------------------------------------------------------------------------


def shell_quoted(value: str) -> str:
    """``value`` as one word of a POSIX shell."""
    if "\0" in value:
        raise refuse("a shell script", value, "no variable can hold NUL")
    return "'" + value.replace("'", "'\\''") + "'"


def shell_default(name: str, value: str) -> str:
    """A line that exports a variable unless it is set already."""
    _named("a shell script", names.variable, name)
    return f'[ -n "${{{name}+set}}" ] || export {name}={shell_quoted(value)}'


def shell_assignment(name: str, value: str) -> str:
    """``NAME=value`` as one word of a POSIX shell, quoted where it must be."""
    _named("a shell script", names.variable, name)
    plain = re.fullmatch(r"[\w.,:/+@%-]*", value, re.ASCII) is not None
    return f"{name}={value if plain else shell_quoted(value)}"


# --- Dockerfiles ------------------------------------------------------------------------------------


def is_image(base: str) -> bool:
    """Whether ``base`` is an image by repository and tag, without a digest."""
    return _IMAGE.fullmatch(base) is not None


def docker_from(base: str, digest: str, stage: str) -> str:
    """The instruction that starts from a base image by its digest."""
    if not is_image(base):
        raise refuse("FROM", base, "it is no image by repository and tag")
    if not _IMAGE_DIGEST.fullmatch(digest):
        raise refuse("FROM", digest, "a digest is sha256: and 64 lower-case hex digits")
    return f"FROM {base}@{digest} AS {_word('FROM', stage)}"


def docker_stage(before: str, stage: str) -> str:
    """The instruction that starts the stage ``stage`` from an earlier one."""
    return f"FROM {_word('FROM', before)} AS {_word('FROM', stage)}"


def docker_env(variables: Mapping[str, str], path: str) -> str:
    """The instruction that sets ``variables``, and puts the folder ``path`` before all others of PATH."""
    pairs = [f'PATH="{_word("ENV", path)}:$PATH"']
    for name, value in variables.items():
        _named("ENV", names.variable, name)
        if not names.is_one_line(value):
            raise refuse("ENV", value, f"the value of {name} has a control character or more than one line")
        pairs.append(f"{name}={_docker_quoted(value)}")
    return "ENV " + " \\\n    ".join(pairs)


def docker_label(labels: Mapping[str, str]) -> str:
    """The instruction that labels the image."""
    return "LABEL " + " ".join(f"{_word('LABEL', key)}={_word('LABEL', value)}" for key, value in labels.items())


def docker_copy(sources: Iterable[str], target: str) -> str:
    """The instruction that copies files or folders of the build's folder."""
    return " ".join(["COPY", *(_word("COPY", source) for source in sources), _word("COPY", target)])


def _docker_quoted(value: str) -> str:
    if re.fullmatch(r"[\w.,:/+-]+", value):
        return value
    return json.dumps(value, ensure_ascii=False).replace("$", "\\$")


def _word(instruction: str, text: str) -> str:
    if not _WORD.fullmatch(text) or text.startswith("-"):
        raise refuse(instruction, text, "it is no single word, or an option")
    return text
