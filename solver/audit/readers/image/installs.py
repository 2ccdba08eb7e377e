"""What a command of an image's build does to the packages of a python environment.

Known are pip, uv, conda, mamba and micromamba, and the tools that install from a lock of theirs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import PurePosixPath

from solver.audit.readers.image.build_step import BuildStep, options_of, text_of
from solver.audit.readers.image.scripts import script_of, sourced_script
from solver.audit.readers.image.shell import Room, commands, named_words
from solver.core.indexes import INDEXES

_PIP = re.compile(r"(?P<folder>.*/bin/)?pip[\d.]*")
_PYTHON = re.compile(r"(?P<folder>.*/bin/)?python[\d.]*")
_CONDA = re.compile(r"(.*/)?(conda|mamba|micromamba)")
_NAME = re.compile(r"(.*/)?(?P<name>[\w.\-]+)")
_LOCKS: Mapping[str, tuple[frozenset[str], str]] = {
    "uv": (frozenset({"sync"}), "uv.lock"),
    "poetry": (frozenset({"install", "sync"}), "poetry.lock"),
    "pdm": (frozenset({"install", "sync"}), "pdm.lock"),
    "pipenv": (frozenset({"install", "sync"}), "Pipfile.lock"),
    "pixi": (frozenset({"install"}), "pixi.lock"),
}
"""Tool -> its words that install a lock, and the lock's file."""
# pip's and uv's, https://pip.pypa.io/en/stable/cli/pip_install/ and https://docs.astral.sh/uv/reference/cli/#uv-pip-install.
_LISTS = {"-r": "-r", "--requirement": "-r", "--requirements": "-r", "-c": "-c", "--constraint": "-c"}
_INDEXES = {
    "-i": "--index-url",
    "--index-url": "--index-url",
    "--default-index": "--index-url",
    "--extra-index-url": "--extra-index-url",
    "--index": "--extra-index-url",
    "-f": "--find-links",
    "--find-links": "--find-links",
}
_SYSTEM = frozenset({"apt-get", "apt", "aptitude", "yum", "dnf", "microdnf", "zypper"})
_NAMED_INDEX = re.compile(r"^[\w.\-]+=")
_VALUED = named_words(
    """
    -t --target --prefix --root --python -p --no-binary --only-binary --platform --python-version --implementation --abi
    --src --upgrade-strategy -C --config-settings --config-setting --global-option --build-option --cache-dir --log
    --proxy --retries --timeout --trusted-host --cert --client-cert --exists-action --progress-bar --root-user-action
    --use-feature --use-deprecated --report --index-strategy --keyring-provider --resolution --prerelease
    --exclude-newer --link-mode --override --overrides --build-constraint -b --extra --group --torch-backend
    --refresh-package --reinstall-package --upgrade-package -P --no-build-package --no-build-isolation-package
    --python-platform --color --directory --project --config-file --allow-insecure-host --fork-strategy
    """
)
_CONDA_VALUED = named_words(
    """
    -n --name -p --prefix -c --channel -f --file --solver --platform --subdir --repodata-fn --cuda --root-prefix -r
    --rc-file --channel-priority --experimental
    """
)
_UPGRADES = frozenset({"-U", "--upgrade", "--force-reinstall", "-I", "--ignore-installed", "--reinstall"})


def build_steps(script: str, variables: Mapping[str, str], room: Room) -> Iterator[BuildStep]:
    """What the commands of a script do; raises ``NoScript`` for what is none, or where the ``room`` ends."""
    for words in commands(script, variables, room):
        step = step_of(words)
        if step is not None:
            yield step


def step_of(words: Sequence[str]) -> BuildStep | None:
    """What one command does; None where it installs nothing that is known."""
    named = _NAME.fullmatch(words[0])
    if pip := _PIP.fullmatch(words[0]):
        return _pip(words[1:], _folder(pip["folder"]), words)
    if python := _PYTHON.fullmatch(words[0]):
        return _python(words[1:], _folder(python["folder"]), words)
    if _CONDA.fullmatch(words[0]):
        return _conda(words[1:], words)
    if words[0] in (".", "source"):
        return _activated(words) or sourced_script(words)
    if words[0] == "cd" and len(words) == 2:
        return BuildStep("cd", files=(words[1],))
    if script := script_of(words):
        return script
    if named is None:
        return None
    if named["name"] == "pip-sync":
        return _synced(words[1:] or ["requirements.txt"], None, words)
    if named["name"] == "uv" and len(words) > 1:
        return _uv(words[1:], words)
    if named["name"] in _SYSTEM and "install" in words:
        return BuildStep(
            "system", words=tuple(word for word in words[1:] if not word.startswith("-")), text=text_of(words)
        )
    if named["name"] == "virtualenv":
        return _created(words[1:])
    if named["name"] == "conda-lock" and "install" in words:
        return _conda_lock(words)
    return _lock(named["name"], words)


def _python(words: Sequence[str], folder: str | None, whole: Sequence[str]) -> BuildStep | None:
    """``python -m pip`` and ``python -m venv``, whatever options of python stand before."""
    rest = list(words)
    while rest and rest[0].startswith("-") and rest[0] != "-m":
        rest.pop(0)
    if len(rest) < 2 or rest[0] != "-m":
        return None
    if rest[1] == "pip":
        return _pip(rest[2:], folder, whole)
    if rest[1] in ("uv", "pipenv", "poetry", "pdm"):
        return step_of(rest[1:])
    return _created(rest[2:]) if rest[1] in ("venv", "virtualenv") else None


def _pip(words: Sequence[str], folder: str | None, whole: Sequence[str]) -> BuildStep | None:
    # Options may stand before pip's own command.
    at = next((position for position, word in enumerate(words) if word in _PIP_VERBS), None)
    if at is None or any(not word.startswith("-") for word in words[:at] if "=" not in word):
        return None
    return _PIP_VERBS[words[at]]([*words[:at], *words[at + 1 :]], folder, whole)


def _uninstalled(words: Sequence[str], folder: str | None, whole: Sequence[str]) -> BuildStep:
    names = tuple(word for word in words if not word.startswith("-"))
    return BuildStep("uninstall", words=names, place=folder, text=text_of(whole))


def _synced(words: Sequence[str], folder: str | None, whole: Sequence[str]) -> BuildStep:
    """``uv pip sync file`` and ``pip-sync file``: what stands in the files, and nothing else."""
    step = _installed(words, folder, whole)
    files = tuple(f"-r {word}" for word in step.words)
    return replace(step, words=(), options=(*step.options, *files), replaces=True, alone=True)


def _installed(words: Sequence[str], folder: str | None, whole: Sequence[str]) -> BuildStep:
    """``pip install`` and its like."""
    requirements: list[str] = []
    options: list[str] = []
    step = BuildStep("pip", place=folder, text=text_of(whole))
    for option, value in options_of(words, _VALUED | set(_LISTS) | set(_INDEXES) | {"-e", "--editable"}):
        line = None if option is None else _option_line(option, value)
        if option is None:
            requirements.append(value)
        elif line is not None:
            options.append(line)
        elif option in ("-p", "--python") and "/" in value:
            step = replace(step, place=_folder(re.sub(r"python[\d.]*$", "", value)))
        elif option in ("-t", "--target", "--prefix", "--root"):
            step = replace(step, place=value, makes=True)
        elif option in _UPGRADES or re.fullmatch(r"-[a-z]*U[a-z]*", option):
            step = replace(step, replaces=True)
    return replace(step, words=tuple(requirements), options=tuple(options))


_PIP_VERBS = {"install": _installed, "uninstall": _uninstalled, "sync": _synced}


def _option_line(option: str, value: str) -> str | None:
    """An option as a line of a requirements file; None where it has no such line."""
    if option in _LISTS:
        return f"{_LISTS[option]} {value}"
    if option in _INDEXES:
        # uv's --index may give the index a name.
        return f"{_INDEXES[option]} {_NAMED_INDEX.sub('', value)}"
    if option == "--torch-backend":
        return f"--extra-index-url {_torch_index(value)}"
    if option in ("-e", "--editable"):
        return f"-e {value}"
    return option if option in ("--no-index", "--pre") else None


def _torch_index(backend: str) -> str:
    """The address that uv's ``--torch-backend cu128`` stands for."""
    return f"https://download.{INDEXES['pytorch'].domain}/whl/{backend}"


def _uv(words: Sequence[str], whole: Sequence[str]) -> BuildStep | None:
    if words[0] == "pip":
        return _pip(words[1:], None, whole)
    if words[0] == "venv":
        return _created(words[1:], ".venv")
    if words[0] == "add":
        return _installed(words[1:], None, whole)
    return _lock("uv", whole)


def _lock(tool: str, words: Sequence[str]) -> BuildStep | None:
    """``uv sync``, ``poetry install``: what stands in a lock."""
    verbs, file = _LOCKS.get(tool, (frozenset(), ""))
    verb = next((word for word in words[1:] if not word.startswith("-")), "")
    if verb not in verbs:
        return None
    extras: list[str] = []
    groups: list[str] = []
    for option, value in options_of(words[1:], _VALUED | {"-E", "--extras", "--with", "--only", "--environment", "-e"}):
        if option in ("--extra", "-E", "--extras"):
            extras += re.split(r"[\s,]+", value)
        elif option in ("--group", "--with", "--environment") or (tool == "pixi" and option == "-e"):
            groups += re.split(r"[\s,]+", value)
        elif option == "--dev":
            groups.append("dev")
    return BuildStep("lock", files=(file,), extras=tuple(extras), groups=tuple(groups), text=text_of(words))


def _conda(words: Sequence[str], whole: Sequence[str]) -> BuildStep | None:
    if not words:
        return None
    verb, rest = words[0], list(words[1:])
    if verb == "run":
        return _run(rest)
    if verb == "activate":
        return BuildStep("activate", place=next((word for word in rest if not word.startswith("-")), "base"))
    if verb == "env" and rest and rest[0] in ("create", "update"):
        return _environment(rest[1:], whole)
    if verb in ("install", "create", "update", "upgrade"):
        return _specs(verb, rest, whole)
    if verb in ("remove", "uninstall"):
        return BuildStep(
            "uninstall", words=tuple(word for word in rest if not word.startswith("-")), text=text_of(whole)
        )
    return None


def _run(words: Sequence[str]) -> BuildStep | None:
    """``conda run -n name command``."""
    place: str | None = None
    rest = list(words)
    while rest and rest[0].startswith("-"):
        option = rest.pop(0)
        if option in ("-n", "--name", "-p", "--prefix") and rest:
            place = rest.pop(0)
    step = step_of(rest) if rest else None
    if step is None or place is None:
        return step
    return replace(step, place=place)


def _environment(words: Sequence[str], whole: Sequence[str]) -> BuildStep:
    files: list[str] = []
    place = None
    for option, value in options_of(words, _CONDA_VALUED):
        if option in ("-f", "--file"):
            files.append(value)
        elif option in ("-n", "--name", "-p", "--prefix"):
            place = value
    named = tuple(files) or ("environment.yml",)
    return BuildStep("environment", files=named, place=place, makes=True, text=text_of(whole))


def _specs(verb: str, words: Sequence[str], whole: Sequence[str]) -> BuildStep:
    """``conda install``; a file beside it holds specs, is explicit or, for micromamba, an environment.yml."""
    specs: list[str] = []
    files: list[str] = []
    place = None
    for option, value in options_of(words, _CONDA_VALUED):
        if option is None:
            specs.append(value)
        elif option in ("-f", "--file"):
            files.append(value)
        elif option in ("-n", "--name", "-p", "--prefix"):
            place = value
    step = BuildStep("conda", tuple(specs), files=tuple(files), place=place, text=text_of(whole))
    return replace(step, act="create", makes=True) if verb == "create" else step


def _conda_lock(words: Sequence[str]) -> BuildStep:
    """``conda-lock install [--prefix folder] [file]``."""
    file, place = "conda-lock.yml", None
    for option, value in options_of(words[1:], frozenset({"-n", "--name", "-p", "--prefix"})):
        if option is None and value != "install":
            file = value
        elif option in ("-n", "--name", "-p", "--prefix"):
            place = value
    return BuildStep("lock", files=(file,), place=place, makes=place is not None, text=text_of(words))


def _created(words: Sequence[str], place: str | None = None) -> BuildStep | None:
    """``python -m venv folder``."""
    python: str | None = None
    for option, value in options_of(words, _VALUED | {"--prompt"}):
        if option is None:
            place = value
        elif option in ("-p", "--python") and (said := re.search(r"3\.\d+", value)) is not None:
            python = said[0]
    # One that sees the packages of the python below it is no other environment.
    if place is None or "--system-site-packages" in words:
        return None
    return BuildStep("create", place=place, makes=True, python=python)


def _activated(words: Sequence[str]) -> BuildStep | None:
    """``. folder/bin/activate``."""
    script = PurePosixPath(words[1]) if len(words) > 1 else None
    if script is None or script.name != "activate":
        return None
    # conda's own script is followed by the name of an environment.
    return BuildStep("activate", place=words[2] if len(words) > 2 else str(script.parent.parent))


def _folder(path: str | None) -> str | None:
    """The environment in whose folder ``bin`` a program lies."""
    return None if not path else str(PurePosixPath(path).parent)
