"""What fields of a request may hold that end up in a shell, a Dockerfile or a channel's address.

Each function refuses at the door, with file, line and key, what would be code or an option there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from msgspec import UnsetType

from solver.core import names
from solver.core.acceptance import FORM, Acceptance, is_id, is_reason
from solver.core.errors import BadInput
from solver.core.writers import is_image
from solver.core.yamlfile import Key, YamlDocument
from solver.index.conda_config import trimmed, without_credentials
from solver.index.conda_spec import match_spec, placed_spec, read_spec

_NO_CHANNEL = "nodefaults"
"""conda takes it, of an environment.yml, for the name of a channel."""
KeyPath = tuple[Key, ...]
_ENVIRONMENT = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._\-]{0,99}")
_OF_WINDOWS = r"con|prn|aux|nul|(?:com|lpt)[0-9]"
_VALUE = re.compile(r"[^\x00-\x08\x0b-\x1f\x7f]*")
_VIRTUAL = re.compile(r"__[a-z0-9_]+")
_VIRTUAL_VERSION = re.compile(r"[0-9]+(?:\.[0-9]+)*(?:[a-z]+[0-9]*)?")
_ARCHITECTURE = re.compile(r"[a-z0-9_]+")
_ARCHIVE_END = (".conda", ".tar.bz2")
_PLAIN_SPEC = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.\-]*(?:=(?:[0-9][0-9.]*(?:\.\*)?|\$\{\w+\}))?")
"""Such as git, git=2.40.* and python=${python}, whose slot a profile fills."""


def check_profile_name(document: YamlDocument, name: str) -> None:
    """Refuse a name that could not be a folder's."""
    if not re.fullmatch(names.PROFILE, name):
        fix = "use at most 100 lower-case letters, digits, '.', '_' and '-'"
        raise document.error("is no profile name", "profiles", name, fix=fix)
    if name.endswith(".") or re.fullmatch(_OF_WINDOWS, name.partition(".")[0]):
        problem = "is no name that a folder can have on Windows, where its lock may be looked at"
        raise document.error(problem, "profiles", name, fix="choose another one")


def check_environment_name(document: YamlDocument, name: str | UnsetType) -> None:
    """Refuse a name that conda would not take, or a shell would read as more than a word."""
    if isinstance(name, str) and not _ENVIRONMENT.fullmatch(name):
        fix = "use at most 100 letters, digits, '.', '_' and '-', or leave it out"
        raise document.error(f"{names.shown(name)} is no name of an environment", "name", fix=fix)


def check_channels(document: YamlDocument, channels: Sequence[str], place: KeyPath) -> None:
    """Refuse what is no channel."""
    for position, channel in enumerate(channels):
        _check_channel(document, channel, (*place, position))
        shown = without_credentials(channel) if "://" in channel else trimmed(channel)
        if shown != trimmed(channel):
            # Requests and locks are committed, and conda knows better places for what is secret.
            raise document.error(
                f'"{shown}" is written with a user, a token, a query or a fragment',
                *place,
                position,
                fix="leave that out; custom_channels in ~/.condarc, or ~/.netrc, hold what a server wants to see",
            )


def _check_channel(document: YamlDocument, channel: str, place: KeyPath) -> None:
    if channel == _NO_CHANNEL:
        fix = "drop it; only the channels named are used"
        raise document.error(f"{_NO_CHANNEL} is no channel", *place, fix=fix)
    try:
        names.channel(channel)
    except names.BadName as error:
        fix = "name it, as in conda-forge, or write its whole address"
        raise document.error(str(error), *place, fix=fix) from None


def check_variables(document: YamlDocument, variables: Mapping[str, str], place: KeyPath) -> None:
    """Refuse names that a shell would read as code, and values that no variable can have."""
    for name, value in variables.items():
        try:
            names.variable(name)
        except names.BadName as error:
            fix = "use letters, digits and '_', no digit first"
            raise document.error(str(error), *place, name, fix=fix) from None
        if not _VALUE.fullmatch(value):
            problem = f"the value {names.shown(value)} has a control character"
            raise document.error(problem, *place, name, fix="use text, line ends and tabs only")
        if names.has_credentials(value):
            problem = f"the value {names.shown(names.without_secrets(value))} is written with a user or a token"
            fix = "leave that out, since locks are committed; set the variable where the environment is used"
            raise document.error(problem, *place, name, fix=fix)


def check_acceptance(document: YamlDocument, accepted: Acceptance, place: KeyPath) -> None:
    """Refuse what is no id of a row or a finding, and a reason that says nothing or could end a comment."""
    for name, reason in accepted.items():
        if not is_id(name):
            fix = "`interlock audit --json` tells the id of each finding"
            raise document.error(f"{FORM}, found {names.shown(name)}", *place, fix=fix)
        if not is_reason(reason):
            raise document.error("expected a reason on one line", *place, name, fix="say why it does no harm")


def check_base_image(document: YamlDocument, base: str, place: KeyPath) -> None:
    """Refuse what is no image by repository and tag."""
    if not is_image(base):
        fix = "write repository and tag, as in python:3.12-slim; the digest has a key of its own"
        raise document.error(f"{names.shown(base)} is no base image", *place, fix=fix)


def check_virtual_packages(document: YamlDocument, packages: Mapping[str, str], place: KeyPath) -> None:
    """Refuse what is no virtual package of conda's, or no version of one."""
    for name, version in packages.items():
        if not _VIRTUAL.fullmatch(name):
            problem = f"{name if names.is_one_line(name) else names.shown(name)} is no virtual package"
            raise document.error(problem, *place, fix="write it like __cuda")
        pattern = _ARCHITECTURE if name == "__archspec" else _VIRTUAL_VERSION
        if not pattern.fullmatch(version):
            raise document.error(f"{names.shown(version)} is no version", *place, name, fix="write it like 12.9")


def check_conda_spec(document: YamlDocument, entry: str, place: KeyPath) -> None:
    """Refuse what is no MatchSpec, and one of an address or a file: only packages of the channels can be locked."""
    if not names.is_one_line(entry):
        raise document.error(f"{names.shown(entry)} is no conda package", *place, fix="write it on one line")
    spec = read_spec(entry)
    has_url = spec is not None and "url" in spec.fields
    if "://" in placed_spec(entry).spec or has_url or entry.rstrip().endswith(_ARCHIVE_END):
        fix = "only packages of the channels can be locked; name its version"
        raise document.error(f'"{entry}" names an address or a file', *place, fix=fix)
    if channel := placed_spec(entry).channel:
        _check_channel(document, channel, place)
    # py-rattler is loaded only for what is more than a name and a version; what has no name its caller tells.
    if _PLAIN_SPEC.fullmatch(entry) or spec is None:
        return
    try:
        match_spec(entry)
    except BadInput as error:
        raise document.error(error.problem, *place, fix=error.fix) from None
