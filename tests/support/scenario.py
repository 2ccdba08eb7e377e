"""The one reader of scenario files; tests/scenarios/README.md tells what each key means and shows an example."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar, TypeVar

import msgspec
import pytest
import yaml
from paths import SCENARIOS

from solver.core.answer import Answer
from solver.core.model import Framework, Platform
from solver.proof.prediction import FrameworkPrediction, LoadedPrediction


class Typed(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
    """YAML with its own types; a key that stands twice in one mapping is refused instead of lost."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        for place, key in enumerate(keys):
            if key in keys[:place]:
                raise ValueError(f"line {node.value[place][0].start_mark.line + 1}: the key {key!r} stands twice")
        return super().construct_mapping(node, deep)


class Untyped(Typed):
    """Leaves every scalar a string, so that 2.10 stays a version; null is None."""


Untyped.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag == "tag:yaml.org,2002:null"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


class Scenario(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One claim: what is given, and the whole of what must come of it."""

    folder: ClassVar[str]
    loader: ClassVar[type[Typed]] = Typed
    claim: str

    def __post_init__(self) -> None:
        if not self.claim.strip():
            raise ValueError("`claim` must say what is claimed")


class AuditRelease(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One release of the index of an audit: names of files, and the hashes of those that have one."""

    version: str
    files: list[str] = []
    sha256: dict[str, str] = {}
    requires: list[str] | None = None
    requires_python: str | None = None
    yanked: str | None = None
    recorded: list[str] | None = None


class AuditScenario(Scenario, frozen=True, kw_only=True):
    folder = "audit"
    text: str
    file: str = "requirements.txt"
    target: dict[str, Any] | None = None
    environ: dict[str, str] | None = None
    index: dict[str, list[AuditRelease]] = {}
    rules: list[dict[str, Any]] = []
    builds: list[dict[str, Any]] = []
    custom_ops: list[dict[str, Any]] = []
    findings: list[dict[str, Any]]


class ListScenario(Scenario, frozen=True, kw_only=True):
    folder = "lists"
    text: str
    file: str = "requirements.txt"
    files: dict[str, str] = {}
    target: dict[str, Any] | None = None
    index: dict[str, list[AuditRelease]] = {}
    whole: list[str] = []
    rules: list[dict[str, Any]] = []
    installed: list[str]
    findings: list[dict[str, Any]]


class StackScenario(Scenario, frozen=True, kw_only=True):
    folder = "stacks"
    target: dict[str, Any]
    text: str
    findings: list[dict[str, Any]]


class RequestScenario(Scenario, frozen=True, kw_only=True):
    folder = "request"
    request: str
    profiles: list[dict[str, Any]] | None = None
    error: str | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        one_of(self, "profiles", "error")


class SearchScenario(Scenario, frozen=True, kw_only=True):
    folder = "search"
    loader = Untyped
    matrices: dict[str, dict[str, dict[str, Any] | None]]
    index: dict[str, dict[str, Any] | None]
    live: bool = False
    whole: list[str] = []
    ask: list[str] | None = None
    profile: dict[str, Any] | None = None
    profiles: dict[str, dict[str, Any]] | None = None
    lock: str = "wanted"
    exit: int = 0
    text: str

    def __post_init__(self) -> None:
        super().__post_init__()
        one_of(self, "ask", "profile", "profiles")


class CondaScenario(Scenario, frozen=True, kw_only=True):
    folder = "conda"
    matrices: dict[str, list[dict[str, Any]]] = {}
    channel: dict[str, Any]
    partial: bool = False
    profile: dict[str, Any]
    pins: dict[str, str] | None = None
    expect: dict[str, Any]


class PredictScenario(Scenario, frozen=True, kw_only=True):
    folder = "predict"
    loader = Untyped
    matrices: dict[str, dict[str, dict[str, Any] | None]] = {}
    packages: dict[str, str] | None = None
    records: tuple[str, ...] | None = None
    gpu: str
    driver: str
    platform: Platform = "linux-64"
    python: str | msgspec.UnsetType = msgspec.UNSET
    serves: Answer
    frameworks: dict[Framework, FrameworkPrediction]
    loaded: LoadedPrediction
    probes: dict[str, Answer]
    dies: tuple[str, ...] = ()
    others: dict[str, Answer] = {}
    broken: tuple[str, ...] = ()
    doubtful: tuple[str, ...] = ()
    text: str

    def __post_init__(self) -> None:
        super().__post_init__()
        one_of(self, "packages", "records")


SHAPES = (AuditScenario, CondaScenario, ListScenario, PredictScenario, RequestScenario, SearchScenario, StackScenario)
Shape = TypeVar("Shape", bound=Scenario)


def one_of(scenario: Scenario, *keys: str) -> None:
    """Refuse ``scenario`` unless exactly one of ``keys`` is written in it."""
    if sum(getattr(scenario, key) is not None for key in keys) != 1:
        raise ValueError(f"exactly one of {', '.join(f'`{key}`' for key in keys)} must be there")


def parse(text: str, shape: type[Shape], where: str) -> Shape:
    """The scenario that ``text`` is; ValueError names ``where`` and the key that is unknown, missing or wrong."""
    try:
        return msgspec.convert(yaml.load(text, Loader=shape.loader), shape, strict=shape.loader is Typed)
    except (ValueError, yaml.YAMLError) as error:  # msgspec's ValidationError is a ValueError
        raise ValueError(f"{where}: {error}") from None


def read(path: Path, shape: type[Shape]) -> Shape:
    """The scenario in ``path``; ValueError as of `parse`."""
    return parse(path.read_text(encoding="utf-8"), shape, path.relative_to(SCENARIOS).as_posix())


def files(shape: type[Scenario]) -> list[Path]:
    """The files of ``shape``, of which there must be some; what lies in folders below is not a scenario."""
    paths = sorted((SCENARIOS / shape.folder).glob("*.yaml"))
    assert paths, f"no scenario lies in {shape.folder}"
    return paths


def each(shape: type[Scenario]) -> pytest.MarkDecorator:
    """Run a test once for each file of ``shape``, as ``path``; the id is the file's name without ``.yaml``."""
    return pytest.mark.parametrize("path", files(shape), ids=lambda path: path.stem)
