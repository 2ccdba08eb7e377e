"""Read YAML files so that every later error can name file, line and key.

Scalars are read as the YAML 1.2 core schema does, where that is narrower than
PyYAML's 1.1 rules: only ``true`` and ``false`` are booleans, dates stay strings.
Duplicate keys and tags that build objects are refused, and so is what is nested
deeper than anybody writes or grows by its aliases beyond what anybody reads.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from solver.core import names, reading
from solver.core.errors import BadInput

Data = Any
"""What YAML can hold: None, bool, int, float, str, list[Data] or dict[scalar, Data]."""
Key = str | int | float | None
"""One step of a key path: a mapping key or a 0-based position in a list."""
DEEPEST = 100
"""Lists and mappings that may lie inside one another."""
_MOST_REPEATED = 100_000
"""Entries of lists and mappings that aliases and ``<<`` may add to those that are written out."""

_TAG = "tag:yaml.org,2002:"
_STR, _MERGE = f"{_TAG}str", f"{_TAG}merge"
# Each is a subset of what PyYAML's own resolver takes, so that a string which
# another tool dumped without quotes is never read as a number here.
_SCALARS = {
    "null": re.compile(r"~|null|Null|NULL|"),
    "bool": re.compile(r"true|True|TRUE|false|False|FALSE"),
    "int": re.compile(r"[-+]?(?:0|[1-9][0-9]*)"),
    "float": re.compile(
        r"[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+)(?:[eE][-+][0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"
    ),
    "merge": re.compile(r"<<"),
}


@dataclass(frozen=True)
class YamlDocument:
    """One YAML document together with the place of everything in it."""

    file: str
    """The file's name as the caller wrote it."""
    data: Data
    """Plain dicts, lists and scalars; None for an empty file."""
    root: yaml.Node | None = field(repr=False, compare=False)
    """None of an empty file."""
    entries: _Entries = field(default_factory=lambda: _Entries(), repr=False, compare=False)

    def line(self, *path: Key) -> int | None:
        """1-based line of the key (or list item) at ``path``; None where there is none."""
        place = self._place(path)
        return None if place is None else place[0].start_mark.line + 1

    def text(self, *path: Key) -> str | None:
        """The scalar at ``path`` as the file spells it, without quotes; None where no scalar is."""
        place = self._place(path)
        return place[1].value if place is not None and isinstance(place[1], yaml.ScalarNode) else None

    def error(self, problem: str, *path: Key, fix: str | None = None) -> BadInput:
        """A ``BadInput`` at ``path``; the line is that of the nearest parent that exists."""
        known: tuple[Key, ...] = path
        while known and self.line(*known) is None:
            known = known[:-1]
        return BadInput(problem, file=self.file, line=self.line(*known), key=self._dotted(path) or None, fix=fix)

    def items(self, *path: Key) -> Iterator[YamlDocument]:
        """Each item of the list at ``path`` as a document of its own; ``KeyError`` where no list is."""
        place = self._place(path)
        if place is None or not isinstance(place[1], yaml.SequenceNode):
            raise KeyError(dotted(path))
        data = functools.reduce(lambda value, step: value[step], path, self.data)
        for item, node in zip(data, place[1].value, strict=True):
            yield YamlDocument(self.file, item, node, self.entries)

    def _dotted(self, path: Sequence[Key]) -> str:
        """``path`` with keys that are no strings as the file spells them, so that none looks like a position."""
        nodes = [self._place(path[:length]) for length in range(len(path))]
        inside = [place is not None and isinstance(place[1], yaml.MappingNode) for place in nodes]
        return dotted([_key_text(step) if in_mapping else step for step, in_mapping in zip(path, inside, strict=True)])

    def _place(self, path: Sequence[Key]) -> tuple[yaml.Node, yaml.Node] | None:
        """The node to point at and the node of the value."""
        if self.root is None:
            return None
        mark = value = self.root
        for step in path:
            if isinstance(value, yaml.MappingNode):
                entry = self.entries.find(value, step)
                if entry is None:
                    return None
                mark, value = entry
            elif isinstance(value, yaml.SequenceNode) and isinstance(step, int) and step < len(value.value):
                mark = value = value.value[step]
            else:
                return None
        return mark, value


def dotted(path: Sequence[Key]) -> str:
    """``("profiles", "a", "gpu", 0)`` -> ``profiles.a.gpu[0]``."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{_spelled(step)}" for step in path)
    return text.removeprefix(".")


def _spelled(key: Key) -> str:
    text = names.brief(str(key))
    return text if text.isprintable() else ascii(text)


def _key_text(key: Key) -> str:
    return "null" if key is None else str(key).lower() if isinstance(key, bool) else str(key)


def load_yaml(path: Path, file: str | None = None) -> YamlDocument:
    """Read the file at ``path``, which errors call ``file``; raises ``BadInput`` where it is missing or is no YAML."""
    file = str(path) if file is None else file
    return parse_yaml(reading.read_text(path, file), file)


def parse_yaml(text: str, file: str) -> YamlDocument:
    """Read ``text``, which errors call ``file``."""
    reading.refuse_large(len(text), file)
    loader = _loader()(text)
    try:
        root = loader.get_single_node()
        builder = _Builder(file)
        return YamlDocument(file, None if root is None else builder.build(root), root, builder.entries)
    except yaml.MarkedYAMLError as error:
        _refuse_unfinished_merge(text, file)
        mark = error.problem_mark or error.context_mark
        raise BadInput(
            f"is not YAML: {error.problem or error.context}",
            file=file,
            line=mark.line + 1 if mark else None,
        ) from None
    except yaml.YAMLError as error:
        raise BadInput(f"is not YAML: {str(error).partition(chr(10))[0]}", file=file) from None
    except RecursionError:
        raise BadInput("is nested too deeply to be read", file=file) from None
    finally:
        loader.dispose()


def _refuse_unfinished_merge(text: str, file: str) -> None:
    """Git writes its marks into the file itself, where no parser's complaint says what they are."""
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("<<<<<<< "):
            problem = "holds the marks of a merge that nobody finished"
            raise BadInput(problem, file=file, line=number, fix="keep one side of it, and take the marks out") from None


@functools.cache
def _loader() -> type[yaml.SafeLoader]:
    base = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml's is ten times as fast
    # PyYAML asks twice a node whether its path decides its tag; here none does.
    paths = {"descend_resolver": _nothing, "ascend_resolver": _nothing}
    loader: type[yaml.SafeLoader] = type("Loader", (base,), {"yaml_implicit_resolvers": {}, **paths})
    firsts = {"null": "~nN", "bool": "tTfF", "int": "-+0123456789", "float": "-+0123456789.", "merge": "<"}
    for name, pattern in _SCALARS.items():
        whole = re.compile(f"(?:{pattern.pattern})$")
        loader.add_implicit_resolver(_TAG + name, whole, [*firsts[name], *([""] if name == "null" else [])])
    return loader


def _nothing(*of: object) -> None:
    """The hook of a loader that is not used."""


_Entry = tuple[yaml.Node, yaml.Node]
"""The node of a key, and that of its value."""


class _Entries:
    """The entries of each mapping node by their keys, own ones before those that ``<<`` merges in; found once each."""

    def __init__(self) -> None:
        self._of: dict[int, dict[Data, _Entry]] = {}
        # The nodes are kept, so that none of another document can have the same id.
        self._spelled: dict[int, tuple[yaml.Node, dict[str, _Entry]]] = {}

    def of(self, node: yaml.MappingNode) -> Mapping[Data, _Entry]:
        if id(node) not in self._of:
            self._of[id(node)] = self._find_all(node)
        return self._of[id(node)]

    def _find_all(self, node: yaml.MappingNode) -> dict[Data, _Entry]:
        merged: list[yaml.Node] = []
        entries: dict[Data, _Entry] = {}
        for key, value in node.value:
            if key.tag == _MERGE:
                merged += value.value if isinstance(value, yaml.SequenceNode) else [value]
            elif isinstance(key, yaml.ScalarNode):
                entries.setdefault(_scalar(key), (key, value))
        for parent in merged:  # the first that has a key wins
            if isinstance(parent, yaml.MappingNode):
                for name, entry in self.of(parent).items():
                    entries.setdefault(name, entry)
        return entries

    def find(self, node: yaml.MappingNode, key: Key) -> _Entry | None:
        """The entry of ``key``, or of the key that is spelled so; None where there is neither."""
        entry = self.of(node).get(key)
        if entry is not None or not isinstance(key, str):
            return entry
        if id(node) not in self._spelled:
            by_text = {entry[0].value: entry for entry in reversed([*self.of(node).values()])}
            self._spelled[id(node)] = (node, by_text)
        return self._spelled[id(node)][1].get(key)


def _scalar(node: yaml.ScalarNode) -> Data:
    text: str = node.value
    if node.tag == _STR:
        return text
    match node.tag.removeprefix(_TAG):
        case "null":
            return None
        case "bool":
            return text.lower() == "true"
        case "int":
            return int(text)
        case "float":
            return float(text.replace(".inf", "inf").replace(".nan", "nan"))
        case _:
            return text


class _Builder:
    """Turns nodes into plain data, each node once, so that an alias shares its anchor's value."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.entries = _Entries()
        self.built: dict[int, Data] = {}
        self.measured: dict[int, tuple[int, int]] = {}
        self.open: set[int] = set()
        self.repeated = 0

    def build(self, node: yaml.Node) -> Data:
        if isinstance(node, yaml.ScalarNode):  # nearly all nodes: no alias of one needs to share it
            return node.value if node.tag == _STR else self._plain(node)
        if id(node) in self.built:
            self._check_alias(node)
            return self.built[id(node)]
        if id(node) in self.open:
            raise self._bad(node, "this alias holds itself")
        if len(self.open) >= DEEPEST:
            raise self._too_deep(node)
        self.open.add(id(node))
        value = self.built[id(node)] = self._value(node)
        self.open.discard(id(node))
        return value

    def _check_alias(self, node: yaml.Node) -> None:
        entries, height = self._measure(node)
        self._repeat(node, 1 + entries)
        if len(self.open) + height > DEEPEST:
            raise self._too_deep(node)

    def _measure(self, node: yaml.Node) -> tuple[int, int]:
        """Entries in a node and in all that it holds, each as often as it is met; levels of lists and mappings."""
        if isinstance(node, yaml.ScalarNode):
            return 0, 0
        if id(node) not in self.measured:
            values = self.entries.of(node).values() if isinstance(node, yaml.MappingNode) else ()
            below = [value for _, value in values] or (node.value if isinstance(node, yaml.SequenceNode) else [])
            inner = [self._measure(one) for one in below]
            size = len(inner) + sum(entries for entries, _ in inner)
            self.measured[id(node)] = size, 1 + max((height for _, height in inner), default=0)
        return self.measured[id(node)]

    def _repeat(self, node: yaml.Node, entries: int) -> None:
        self.repeated += entries
        if self.repeated > _MOST_REPEATED:
            raise self._bad(node, f"aliases and << bring more than {_MOST_REPEATED} entries; write them out")

    def _too_deep(self, node: yaml.Node) -> BadInput:
        return self._bad(node, f"is nested deeper than {DEEPEST} lists and mappings")

    def _value(self, node: yaml.Node) -> Data:
        kind = node.tag.removeprefix(_TAG)
        if isinstance(node, yaml.MappingNode) and kind == "map":
            self._check_keys(node)
            return {key: self.build(value) for key, (_, value) in self.entries.of(node).items()}
        if isinstance(node, yaml.SequenceNode) and kind == "seq":
            return [self.build(item) for item in node.value]
        raise self._bad(node, f"the tag {node.tag} is not allowed here")

    def _plain(self, node: yaml.ScalarNode) -> Data:
        kind = node.tag.removeprefix(_TAG)
        if kind not in {"null", "bool", "int", "float"}:
            raise self._bad(node, f"the tag {node.tag} is not allowed here")
        try:
            return _scalar(node)
        except ValueError:
            raise self._bad(node, f"{node.value[:40]!r} is no {kind}") from None

    def _check_keys(self, node: yaml.MappingNode) -> None:
        lines: dict[Any, int] = {}
        for key, value in node.value:
            if key.tag == _MERGE:
                self._check_merge(value)
                continue
            if not isinstance(key, yaml.ScalarNode):
                raise self._bad(key, "a key must be a single word, not a list or a mapping")
            name = self.build(key)
            if name in lines:
                text = names.printable(key.value)
                raise self._bad(key, f"the key {text} stands here for the second time, first on line {lines[name]}")
            lines[name] = key.start_mark.line + 1

    def _check_merge(self, value: yaml.Node) -> None:
        parents = value.value if isinstance(value, yaml.SequenceNode) else [value]
        for parent in parents:
            if not isinstance(parent, yaml.MappingNode):
                raise self._bad(value, "<< needs a mapping, or a list of mappings")
            self.build(parent)
            self._repeat(parent, len(self.entries.of(parent)))

    def _bad(self, node: yaml.Node, problem: str) -> BadInput:
        return BadInput(problem, file=self.file, line=node.start_mark.line + 1)
