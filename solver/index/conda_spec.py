"""conda's own little languages, each read in one place: MatchSpecs and build strings.

Whether a record meets a spec is rattler's to say. What a person wrote is read here: rattler keeps the sense of a spec
alone, in which ``numpy=1.26`` and ``numpy 1.26.*`` are the same.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from solver.core.errors import BadInput
from solver.core.model import CondaName, conda_name
from solver.index.conda_config import without_credentials
from solver.index.rattler_names import as_build

if TYPE_CHECKING:
    from rattler import MatchSpec

# What may follow the name: "python 3.12.*", "python>=3.12", "pytorch=2.5=cuda*", "numpy[version='>=2']".
_NAME_END = re.compile(r"[\s=<>!~\[]")
_BUILD = re.compile(r"[\w.+]+", re.ASCII)
_NO_BUILD = "_"
"""A build string that no build has."""

_NAMED = re.compile(r"(?:[^\s\[\]]+::)?(?P<name>[\w.\-]+) ?(?P<rest>.*)")
# Around a comma, and between a sign and its version, conda takes spaces.
_LOOSE = re.compile(r" ?([,|]) ?|(^=|[<>!~]=?|==) (?=[\w*])")
_TERM = r"[(<>=!~]*(?:[^(<>=!~\s,|][^<>=~\s,|]*)?"
_VERSIONS = re.compile(rf"(?P<versions>{_TERM}(?:[,|]{_TERM})*)(?:(?: ?= ?| )(?P<build>[^\s=]+))?")
_FIELD = re.compile(r"\b(\w+) ?= ?('[^']*'|\"[^\"]*\"|[^'\",\]]*)")
_SUBDIR = re.compile(r"noarch|(linux|osx|win|freebsd|zos|emscripten|wasi)-[a-z0-9]+")
_EXACT = re.compile(r"={0,2} ?(\d[\w.!+]*)")


@dataclass(frozen=True)
class CondaSpec:
    """A MatchSpec as somebody wrote it, without its channel."""

    name: CondaName
    rest: str
    """All that stands behind the name."""
    versions: str
    """As it is written, ``=1.26`` or ``>=1.26,<2``; empty: any."""
    build: str
    """Perhaps a pattern; empty: any."""
    fields: Mapping[str, str] = field(default_factory=dict)
    """What stands in brackets, by key."""

    @property
    def version(self) -> str | None:
        """The one version that is written, be it with ``=``; None where several, or any, will do."""
        exact = _EXACT.fullmatch(self.versions)
        return exact[1] if exact else None

    @property
    def exact_build(self) -> str | None:
        """None where several builds, or any, will do."""
        return self.build if self.build and "*" not in self.build else None


def read_spec(text: str) -> CondaSpec | None:
    """The parts of ``channel::name=1.2=build``, ``name >=1`` or ``name[version=1]``; None where it names nothing."""
    named = _NAMED.fullmatch(" ".join(text.split()))
    try:
        name = conda_name(named["name"]) if named else None
    except ValueError:
        name = None
    if named is None or name is None:
        return None
    rest, _, brackets = named["rest"].partition("[")
    fields = _fields(brackets)
    match = _VERSIONS.fullmatch(_LOOSE.sub(r"\1\2", rest.strip()))
    # What is written otherwise stands for versions that nobody can compare with.
    versions, build = (match["versions"], match["build"] or "") if match else (rest.strip(), "")
    return CondaSpec(
        name=name,
        rest=named["rest"].strip(),
        versions=versions or fields.get("version", ""),
        build=build or fields.get("build", ""),
        fields=fields,
    )


def _fields(brackets: str) -> dict[str, str]:
    """``version='>=1,<2', build=x]`` by key; a comma within quotes belongs to the value."""
    return {key: value.strip("'\" ") for key, value in _FIELD.findall(brackets)}


@dataclass(frozen=True)
class PlacedSpec:
    """A MatchSpec, and the channel that it wants its package from."""

    channel: str
    """Its name or address, as it is written; empty: any channel will do."""
    spec: str
    """All the rest, as rattler reads it."""
    subdir: str = ""
    """The part of the channel, which rattler reads and looks at nowhere; empty: any."""


def placed_spec(text: str) -> PlacedSpec:
    """The parts of ``channel::name``, ``channel/linux-64::name`` and ``name[channel=channel]``.

    rattler compares a channel's name with an address that its own configuration makes of it, which knows of neither
    mirrors nor ``custom_channels``: which channel is meant is told by whoever opens them.
    """
    before, _, spec = text.strip().rpartition("::")
    head, _, brackets = spec.partition("[")
    fields = dict(_fields(brackets))
    # As with conda, what stands in brackets outweighs what stands before.
    channel, subdir = (fields.pop("channel", "") or before.strip()).rstrip("/"), fields.pop("subdir", "")
    parent, _, last = channel.rpartition("/")
    if parent and _SUBDIR.fullmatch(last):
        channel, subdir = parent, last
    if subdir or "channel" in brackets:
        kept = ", ".join(f"{key}={value!r}" for key, value in fields.items())
        spec = head.strip() + (f"[{kept}]" if kept else "")
    return PlacedSpec(without_credentials(channel) if "://" in channel else channel, spec, subdir)


def match_spec(text: str) -> MatchSpec:
    """A MatchSpec as people write it, ``pytorch=*=cuda*`` included, of whatever channel; raises ``BadInput``."""
    from rattler import MatchSpec

    placed = placed_spec(text)
    if ":" in _NAME_END.split(placed.spec.strip(), maxsplit=1)[0] or "::" in placed.channel:
        # conda's channel:namespace:name, of which rattler makes a name that no package can have.
        raise BadInput(
            f'"{text}" is no conda MatchSpec that names a package', fix="write a channel as channel::package"
        )
    try:
        return MatchSpec(placed.spec, strict=False)
    except Exception as error:
        # What caused it follows in further lines, which say the same.
        why = next(iter(str(error).splitlines()), "nobody knows why")
        raise BadInput(f'"{text}" is no conda MatchSpec: {why}', fix='write one such as "numpy >=2"') from None


def spec_name(text: str) -> CondaName:
    """The package that a MatchSpec is about; for this much of it no library need be loaded."""
    return CondaName(_NAME_END.split(text.rpartition("::")[2].strip(), maxsplit=1)[0].lower())


def meets_spec(text: str, name: CondaName, version: str, build: str | None, subdir: str) -> bool:
    """Whether the package that a foreign file names meets the MatchSpec ``text``; raises ``BadInput`` for no spec.

    Without a build string only what asks for no build is met; what conda could not have meets nothing.
    """
    from rattler import PackageRecord
    from rattler.exceptions import InvalidVersionError

    spec = match_spec(text)
    build = build or _NO_BUILD
    if not _BUILD.fullmatch(build) or placed_spec(text).subdir not in ("", subdir):
        return False
    try:
        record = PackageRecord(name, version, as_build(build), build_number(build), subdir)
    except (ValueError, InvalidVersionError):
        return False
    return spec.matches(record)


def build_number(build: str) -> int:
    """conda-build ends a build string with its number: ``py312h_1`` -> 1; without one, 0."""
    tail = build.rpartition("_")[2]
    return int(tail) if tail.isdigit() else 0
