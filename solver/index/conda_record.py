"""One conda package as its channel describes it, apart from any library's own types."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from solver.core import names
from solver.core.model import CondaName, Value, conda_name
from solver.index.conda_spec import read_spec, spec_name

if TYPE_CHECKING:
    from rattler import RepoDataRecord


class CondaRecord(Value, frozen=True, kw_only=True):
    """One conda package: what a solver needs to choose it and an installer to verify it. None: no channel tells.

    Raises ``names.BadName`` where a part of it is not what it must be, or its archive is another package's.
    """

    name: CondaName
    version: str
    build: str
    build_number: int
    subdir: str
    """"linux-64", "noarch" …"""
    channel: str
    """Address of the channel, without a slash at its end and without credentials."""
    filename: str
    sha256: str
    """64 lower-case hex digits."""
    md5: str | None = None
    """32 lower-case hex digits."""
    size: int | None = None
    """Bytes of the archive."""
    depends: tuple[str, ...] = ()
    """MatchSpecs."""
    constrains: tuple[str, ...] = ()
    """MatchSpecs that hold where such a package is installed at all."""
    noarch: Literal["python", "generic"] | None = None
    """None: it was built for one platform."""
    license: str | None = None
    timestamp: int | None = None
    """Milliseconds since 1970, UTC."""
    track_features: tuple[str, ...] = ()
    python_site_packages_path: str | None = None
    inferred: bool = False
    """Whether ``constrains`` or builds in ``depends`` were not read from a channel but derived."""

    def __post_init__(self) -> None:
        """Called by msgspec, however the value is made."""
        names.address(self.channel)
        names.subdir(self.subdir)
        names.sha256(self.sha256)
        if self.md5 is not None:
            names.md5(self.md5)
        check_archive(self.filename, self.name, self.version, self.build)
        for text in (*self.depends, *self.constrains, *self.track_features, self.license or "-"):
            if not names.is_one_line(text) or not text.strip():
                raise names.BadName(f"{self.filename} asks for or tells {names.shown(text)}, which is no line of text")

    @property
    def url(self) -> str:
        """Where the channel serves the archive."""
        return f"{self.channel}/{self.subdir}/{self.filename}"

    @property
    def pin(self) -> str:
        """``name=version=build``, which environment.yml takes as exact."""
        return f"{self.name}={self.version}={self.build}"

    @property
    def is_of_python(self) -> bool:
        """Whether it puts something into site-packages, where pip might want to put it too."""
        if self.noarch is not None:
            return self.noarch == "python"
        return any(spec_name(spec) == "python" for spec in self.depends)

    def admits(self, name: str, version: str) -> bool:
        """Whether what it depends on leaves room for ``version`` of ``name``."""
        from rattler import Version, VersionSpec

        bounds = [spec.versions for spec in map(read_spec, self.depends) if spec is not None and spec.name == name]
        return all(not bound or VersionSpec(bound).matches(Version(version)) for bound in bounds)

    @property
    def hashed(self) -> str:
        """The MatchSpec that only this archive meets, from whatever channel it comes."""
        return f"{self.pin}[sha256={self.sha256}]"

    @property
    def spec(self) -> str:
        """The MatchSpec that only this build meets."""
        return f"{self.name} =={self.version} {self.build}"


def split_archive_name(filename: str) -> tuple[CondaName, str, str]:
    """Name, version and build of ``numpy-2.1.0-py312_0.conda``; raises ``ValueError`` for other names."""
    archive = names.archive(filename)
    return conda_name(archive.name), archive.version, archive.build


def check_archive(filename: str, name: str, version: str, build: str) -> None:
    """Raise ``names.BadName`` where ``filename`` is not the archive of this package, version and build."""
    if (name, version, build) != names.archive(filename):
        raise names.BadName(f"{filename} is no archive of {names.one_line(f'{name} {version} {build}')}")


def by_name_and_build(records: Iterable[CondaRecord]) -> tuple[CondaRecord, ...]:
    """``records`` by name, then version and build as text, each once: the order of every file of ours."""
    key = {(record.name, record.version, record.build, record.url): record for record in records}
    return tuple(key[place] for place in sorted(key))


def depends_first(records: Iterable[CondaRecord]) -> tuple[CondaRecord, ...]:
    """``records`` with each package after those it depends on, equals by name; cycles end anywhere.

    ``@EXPLICIT`` files need it: older installers link in the order of the file.
    """
    waiting = {record.name: record for record in by_name_and_build(records)}
    done: dict[CondaName, CondaRecord] = {}
    while waiting:
        ready = [
            record
            for record in waiting.values()
            if not any(name in waiting and name != record.name for name in _needs(record))
        ]
        # pip and setuptools wait for a python that some builds make wait for them.
        for record in ready or [_least_bound(waiting)]:
            done[record.name] = waiting.pop(record.name)
    return tuple(done.values())


def _least_bound(waiting: Mapping[CondaName, CondaRecord]) -> CondaRecord:
    def bonds(record: CondaRecord) -> tuple[int, str]:
        return sum(name in waiting for name in _needs(record)), record.name

    return min(waiting.values(), key=bonds)


def _needs(record: CondaRecord) -> set[CondaName]:
    return {spec_name(spec) for spec in record.depends}


def without_md5(records: Iterable[CondaRecord]) -> list[str]:
    """The files of ``records`` of which their channel gives no md5."""
    return sorted(record.filename for record in records if record.md5 is None)


def from_repodata(fields: Mapping[str, Any], channel: str, filename: str, inferred: bool) -> CondaRecord:
    """A record of ``repodata.json``; raises ``ValueError`` where a field is missing or unusable.

    A record without sha256 is refused: it could never be verified.
    """
    sha256, md5 = fields.get("sha256"), fields.get("md5")
    if sha256 is None:
        raise ValueError(f"{filename}: the channel gives no sha256")
    noarch = fields.get("noarch")
    return CondaRecord(
        name=conda_name(str(fields["name"])),
        version=str(fields["version"]),
        build=str(fields["build"]),
        build_number=int(fields["build_number"]),
        subdir=str(fields["subdir"]),
        channel=channel,
        filename=filename,
        sha256=names.sha256(sha256),
        md5=None if md5 is None else names.md5(md5),
        size=fields.get("size"),
        depends=tuple(fields.get("depends", ())),
        constrains=tuple(fields.get("constrains", ())),
        noarch=noarch if noarch in ("python", "generic") else None,
        license=fields.get("license"),
        timestamp=fields.get("timestamp"),
        track_features=_words(fields.get("track_features")),
        python_site_packages_path=fields.get("python_site_packages_path"),
        inferred=inferred,
    )


def from_rattler(record: RepoDataRecord, channel: str, inferred: bool = False) -> CondaRecord:
    """py-rattler's record as ours, under the ``channel`` that locks shall name."""
    return from_repodata(msgspec.json.decode(record.to_json()), channel, record.file_name, inferred)


def repodata_fields(record: CondaRecord) -> dict[str, Any]:
    """What ``repodata.json`` holds of ``record``."""
    optional = {
        "md5": record.md5,
        "size": record.size,
        "noarch": record.noarch,
        "license": record.license,
        "timestamp": record.timestamp,
        "track_features": " ".join(record.track_features) or None,
        "python_site_packages_path": record.python_site_packages_path,
    }
    return {
        "name": record.name,
        "version": record.version,
        "build": record.build,
        "build_number": record.build_number,
        "subdir": record.subdir,
        "depends": list(record.depends),
        "constrains": list(record.constrains),
        "sha256": record.sha256,
        **{key: value for key, value in optional.items() if value is not None},
    }


def _words(field: object) -> tuple[str, ...]:
    # Old repodata has one string, new repodata a list.
    if isinstance(field, str):
        return tuple(field.replace(",", " ").split())
    return tuple(str(word) for word in field) if isinstance(field, list | tuple) else ()
