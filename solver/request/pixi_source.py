"""What a pixi.toml asks for: the tables of one environment, on the platform that a request is for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from solver.core.model import Target
from solver.request.toml_tables import Table, elsewhere, extras_of, read_toml, table
from solver.request.wishes import Source, Wish, names_framework, text_or_none, wishes_at

_DEFAULT = "default"
_KINDS = ("dependencies", "host-dependencies", "pypi-dependencies")
_READ = ("workspace", "project", "target", "feature", "environments", "pypi-options", *_KINDS)
_HERE = (Target().platform, *(("linux", "unix") if Target().platform.startswith("linux") else ()))
"""What pixi calls the platform of a request, from narrow to wide."""


def wished_by_pixi(path: Path) -> Source:
    """The file; raises ``BadInput`` where it is no TOML."""
    return pixi_source(path, read_toml(path))


def pixi_source(path: Path, data: Table, prefix: str = "") -> Source:
    """pixi's tables, be they those below ``prefix`` of a file that has others too.

    The default environment is read, or where that names no framework the first that does.
    """
    file = _File(path, data, prefix)
    features, told = file.chosen()
    conda, pip, told_of_tables = file.wishes(features)
    project = table(data, "workspace") or table(data, "project")
    channels = [*_channels(project), *(name for key in features for name in _channels(table(data, "feature", key)))]
    return Source(
        file=path.name,
        name=text_or_none(project.get("name")),
        channels=tuple(dict.fromkeys(channels)),
        conda=conda,
        pip=(*file.indexes(features), *pip),
        told=(*file.unread(), *told, *told_of_tables),
    )


def _channels(said: Table) -> Iterator[str]:
    channels = said.get("channels")
    for channel in channels if isinstance(channels, list) else ():
        name = channel.get("channel") if isinstance(channel, dict) else channel
        if text_or_none(name):
            yield str(name)


@dataclass(frozen=True)
class _File:
    path: Path
    data: Table
    prefix: str

    def unread(self) -> Iterator[str]:
        """A line for each table that is not read."""
        for key in self.data:
            if key not in _READ and self.data[key]:
                yield f"{self.path.name}: {self.prefix}{key} is not carried over"

    def chosen(self) -> tuple[Sequence[str], list[str]]:
        """The features of the environment that is read, and a line on what it leaves out."""
        environments = {
            _DEFAULT: (),
            **{name: _features(one) for name, one in self.data.get("environments", {}).items()},
        }
        rest = [name for name in environments if name != _DEFAULT]
        named = (name for name in (_DEFAULT, *rest) if self._names_framework(environments[name]))
        name = next(named, _DEFAULT)
        features = [key for key in environments[name] if table(self.data, "feature", key)]
        where = f"{self.path.name}: {self.prefix}environments.{name}"
        told = [] if name == _DEFAULT else [f"{where} is carried over: the default names no framework"]
        return features, [*told, *self._left_out(name, features)]

    def _left_out(self, name: str, features: Sequence[str]) -> Iterator[str]:
        for key in table(self.data, "feature"):
            if key not in features:
                where = f"{self.path.name}: {self.prefix}feature.{key}"
                yield f"{where} is not carried over: environment {name} has none of it; add its packages to a profile"

    def _names_framework(self, features: Sequence[str]) -> bool:
        conda, pip, _ = self.wishes(features)
        return any(map(names_framework, (*conda, *pip)))

    def wishes(self, features: Sequence[str]) -> tuple[tuple[Wish, ...], tuple[Wish, ...], list[str]]:
        """What conda and what pip are asked for, and a line for each table of another platform."""
        conda: dict[str, Wish] = {}
        pip: dict[str, Wish] = {}
        told: list[str] = []
        for place in ((), *(("feature", key) for key in features)):
            for key in table(self.data, *place, "target"):
                if key not in _HERE:
                    where = ".".join((*place, "target", key))
                    why = f"it is not for {Target().platform}"
                    told.append(f"{self.path.name}: {self.prefix}{where} is not carried over: {why}")
            for target in ((), *(("target", key) for key in reversed(_HERE))):
                for kind in _KINDS:
                    found = self._table((*place, *target, kind))
                    (pip if kind.startswith("pypi") else conda).update(found)
        return tuple(conda.values()), tuple(pip.values()), told

    def _table(self, place: Sequence[str]) -> Mapping[str, Wish]:
        """By name what a table asks for; a narrower table stands for a wider one."""
        text = _pip if place[-1].startswith("pypi") else _conda
        entries = table(self.data, *place)
        key = f"{self.prefix}{'.'.join(place)}"
        texts = [text(str(name), value) for name, value in entries.items()]
        return dict(zip(entries, wishes_at(self.path, key, texts), strict=True))

    def indexes(self, features: Sequence[str]) -> Iterator[Wish]:
        """The package indexes that it names, as pip names them."""
        for place in ((), *(("feature", key) for key in features)):
            said = table(self.data, *place, "pypi-options")
            more = said.get("extra-index-urls")
            urls = [said.get("index-url"), *(more if isinstance(more, list) else ())]
            for url in filter(text_or_none, urls):
                where = f"{self.path.name}: {self.prefix}{'.'.join((*place, 'pypi-options'))}"
                yield Wish(f"--extra-index-url {url}", where)


def _features(environment: object) -> tuple[str, ...]:
    named = environment.get("features") if isinstance(environment, dict) else environment
    return tuple(map(str, named)) if isinstance(named, list) else ()


def _conda(name: str, value: object) -> str:
    version = value.get("version", "*") if isinstance(value, dict) else value
    return name if version == "*" else f"{name} {version}"


def _pip(name: str, value: object) -> str:
    if not isinstance(value, dict):
        return name if value == "*" else f"{name}{_specifier(str(value))}"
    address = elsewhere(name, value)
    if address is not None:
        return address
    version = str(value.get("version", "*"))
    return f"{name}{extras_of(value)}{'' if version == '*' else _specifier(version)}"


def _specifier(version: str) -> str:
    return f"=={version}" if version[:1].isdigit() else version
