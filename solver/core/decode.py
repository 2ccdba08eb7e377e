"""Make values of a document; what does not fit is told in a sentence with file, line and full key.

msgspec writes ``[...]`` for "some key of this mapping"; which one is found by
converting the mapping once more with fewer and fewer of its entries.
"""

from __future__ import annotations

import ast
import difflib
import re
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Protocol, TypeVar

import msgspec

from solver.core import names
from solver.core.errors import BadInput
from solver.core.names import brief, one_line, shown
from solver.core.reading import read_bytes
from solver.core.yamlfile import Data, Key

T = TypeVar("T")

_ERROR = re.compile(r"(?P<what>.*?)(?: - at (?P<key>`key` in )?`\$(?P<path>[^`]*)`)?", re.DOTALL)
_STEP = re.compile(r"\.(?P<name>[^.\[\]]+)|\[(?P<index>\d+)\]|(?P<any>\[\.\.\.\])")
_LONGEST = 120
"""Letters of a scalar that a sentence quotes as the file spells it."""
_WORDS = {
    "str": "a string",
    "int": "an integer",
    "float": "a float",
    "bool": "a boolean",
    "array": "a list",
    "object": "a mapping",
    "null": "nothing",
}
_FORMS = {
    names.SHA256: "64 lower-case hex digits",
    names.MD5: "32 lower-case hex digits",
    names.PROFILE: "the name of a profile",
    r"[0-9]+(\.[0-9]+)*": 'a version such as "12.8"',
    r"[0-9]+(\.[0-9]+)+": 'a version such as "12.8"',
    r"(none|[0-9]+(\.[0-9]+)*)": 'a version such as "12.8", or "none"',
    r"2\.[0-9]{1,3}": 'a glibc such as "2.28"',
    r"3\.(?:0|[1-9][0-9]?)": 'a python such as "3.12"',
    r"[0-9]{1,5}(?:\.[0-9]{1,5}){0,3}": 'a version such as "580.65.06"',
    r"[0-9]{1,2}\.[0-9]": 'a compute capability such as "9.0"',
    r"[0-9]+\.[0-9]": 'a compute capability such as "9.0"',
    r"\d{4}-\d\d-\d\d": 'a day such as "2026-11-01"',
}
"""In words, by pattern, what texts must be."""
_EXPECTED = _WORDS | {"int": "a whole number", "float": "a number", "bool": "true or false"}


class Placed(Protocol):
    """A parsed document that knows the place of what it holds, as ``yamlfile.YamlDocument`` does."""

    @property
    def data(self) -> Data:
        """Plain dicts, lists and scalars."""
        ...

    def text(self, *path: Key) -> str | None:
        """The scalar at ``path`` as the file spells it; None where no scalar is."""
        ...

    def error(self, problem: str, *path: Key, fix: str | None = None) -> BadInput:
        """A ``BadInput`` at ``path``."""
        ...


def decode(document: Placed, type: type[T], fix: str | None = None) -> T:
    """Convert the document to ``type``, strictly.

    Raises ``BadInput`` with the file, the line and the full key of the first
    thing that does not fit; ``fix`` says what to do where a person does not write such files by hand.
    """
    try:
        return msgspec.convert(document.data, type, strict=True)
    except msgspec.ValidationError as error:
        refusal = _explain(document, type, str(error))
    if fix is not None:
        refusal.fix = fix
    raise refusal


def decode_json(path: Path, type: type[T], what: str, fix: str) -> T:
    """The value in a file of JSON, strictly; raises ``BadInput`` saying that it is no ``what``, and what to do."""
    content = read_bytes(path, fix=fix)
    try:
        return msgspec.json.decode(content, type=type, strict=True)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise BadInput(f"this is no {what}: {brief(one_line(str(error)))}", file=path, fix=fix) from None


def _explain(document: Placed, type: object, message: str) -> BadInput:
    """The ``BadInput`` for msgspec's ``message`` about converting ``document`` to ``type``."""
    match = _ERROR.fullmatch(message)
    assert match is not None
    what = match["what"]
    path, data = _resolve(document.data, type, message, match["path"] or "")
    if match["key"]:
        path += (_guilty_key(data, type, message, path),)
        problem, fix = _key_sentence(what, type, path)
        return document.error(problem, *path, fix=fix)
    if unknown := re.fullmatch(r"Object contains unknown field `(.*)`", what):
        allowed = _fields(type, path)
        return document.error("is not a key known here", *path, unknown[1], fix=_suggest(unknown[1], allowed))
    if missing := re.fullmatch(r"Object missing required field `(.*)`", what):
        return document.error("this key is missing", *path, missing[1], fix="add it")
    if expected := re.fullmatch(r"Expected `([^`]*)`, got `([^`]*)`", what):
        problem, fix = _type_sentence(document, expected[1], expected[2], path)
        return document.error(problem, *path, fix=fix)
    return document.error(_value_sentence(document, what, type, path), *path)


def _resolve(data: Data, type: object, message: str, text: str) -> tuple[tuple[Key, ...], Data]:
    """The real key path behind msgspec's path ``text``, and the data without what else may bring the same message."""
    path: tuple[Key, ...] = ()
    for step in _STEP.finditer(text):
        if step["name"]:
            path += (step["name"],)
        elif step["index"]:
            path += (int(step["index"]),)
        else:
            key = _guilty_key(data, type, message, path)
            data = _replace(data, path, {key: _at(data, path)[key]})
            path += (key,)
    return path, data


def _guilty_key(data: Data, type: object, message: str, path: tuple[Key, ...]) -> Key:
    """The first key of the mapping at ``path`` without which ``message`` would not come."""
    mapping = _at(data, path)
    # msgspec stops at the first fault: the message comes from as many of the first entries as include it.
    fewest, most = 0, len(mapping)
    while most - fewest > 1:
        middle = (fewest + most) // 2
        cut = _replace(data, path, dict(islice(mapping.items(), middle)))
        fewest, most = (fewest, middle) if _message(cut, type) == message else (middle, most)
    key: Key = next(islice(mapping, fewest, None))
    return key


def _message(data: Data, type: object) -> str | None:
    try:
        msgspec.convert(data, type, strict=True)
    except msgspec.ValidationError as error:
        return str(error)
    return None


def _at(data: Data, path: Sequence[Key]) -> Data:
    for step in path:
        data = data[step]
    return data


def _replace(data: Data, path: Sequence[Key], value: Data) -> Data:
    """A copy of ``data`` with ``value`` at ``path``."""
    if not path:
        return value
    copy = data.copy()
    copy[path[0]] = _replace(data[path[0]], path[1:], value)
    return copy


def _type_sentence(document: Placed, expected: str, got: str, path: Sequence[Key]) -> tuple[str, str | None]:
    types = [part for part in expected.split(" | ") if part != "null"]
    raw = _raw(document, path)
    value = _WORDS.get(got, got)
    if raw is not None and got != "null":
        value += f' "{raw}"' if got == "str" else f" {raw}"
    if "str" in types and got in {"int", "float", "bool"}:
        return f'expected a string like "{raw}", found {value}', "put it in quotes"
    alternatives = " or ".join(_EXPECTED.get(part, part) for part in types)
    fix = f"write [{raw}]" if "array" in types and got == "str" else None
    return f"expected {alternatives}, found {value}", fix


def _raw(document: Placed, path: Sequence[Key]) -> str | None:
    text = document.text(*path)
    return text if text is None or len(text) <= _LONGEST else shown(text)


def _key_sentence(what: str, type: object, path: tuple[Key, ...]) -> tuple[str, str | None]:
    if expected := re.fullmatch(r"Expected `([^`]*)`, got `([^`]*)`", what):
        value = _WORDS.get(expected[2], expected[2])
        return f"a key must be {_EXPECTED.get(expected[1], expected[1])}, found {value}", "put it in quotes"
    if what == "Expected `str`":
        return "a key must be a string", "put it in quotes"
    return "is not a key known here", _suggest(str(path[-1]), _keys(type, path[:-1])) or what


def _value_sentence(document: Placed, what: str, type: object, path: tuple[Key, ...]) -> str:
    raw = _raw(document, path)
    if what.startswith("Invalid enum value"):
        allowed = _literals(_type_at(type, path))
        return f"expected {_any_of(allowed)}, found {raw if raw is not None else what}"
    if pattern := re.fullmatch(r"Expected `str` matching regex (.*)", what):
        return f'expected {_form(ast.literal_eval(pattern[1]))}, found "{raw}"'
    if what == "Expected `str` of length >= 1":
        return "expected some text, found an empty string"
    if most := re.fullmatch(r"Expected `str` of length <= (\d+)", what):
        return f"expected at most {most[1]} letters, found more"
    if re.fullmatch(r"Expected `(?:array|object)` of length >= 1", what):
        return "expected one entry at least, found none"
    return what[:1].lower() + what[1:]


def _form(pattern: str) -> str:
    """What ``pattern`` asks for in words, where it has any."""
    bare = pattern.removeprefix("^").removesuffix("$").removesuffix(r"\Z")
    return _FORMS.get(bare, f"a string that matches {pattern}")


def _suggest(word: str, allowed: Sequence[str]) -> str | None:
    near = difflib.get_close_matches(word, allowed, n=1, cutoff=0.7)
    if near or len(allowed) == 1:
        return f"did you mean {(near or allowed)[0]}?"
    return f"the keys are {', '.join(sorted(allowed))}" if allowed else None


def _any_of(words: Sequence[str]) -> str:
    if len(words) < 2:
        return "".join(words) or "another value"
    return f"{', '.join(words[:-1])} or {words[-1]}"


def _type_at(type: object, path: Sequence[Key]) -> list[Any]:
    """The type descriptions that may stand at ``path`` below ``type``."""
    here = [msgspec.inspect.type_info(type)]
    for step in path:
        below: list[Any] = []
        for info in _flat(here):
            match info:
                case msgspec.inspect.StructType():
                    below += [f.type for f in info.fields if f.encode_name == step]
                case msgspec.inspect.DictType():
                    below.append(info.value_type)
                case msgspec.inspect.ListType() | msgspec.inspect.VarTupleType():
                    below.append(info.item_type)
                case msgspec.inspect.TupleType() if isinstance(step, int) and step < len(info.item_types):
                    below.append(info.item_types[step])
        here = below
    return _flat(here)


def _flat(infos: Sequence[Any]) -> list[Any]:
    flat: list[Any] = []
    for info in infos:
        if isinstance(info, msgspec.inspect.Metadata):
            info = info.type
        flat += _flat(info.types) if isinstance(info, msgspec.inspect.UnionType) else [info]
    return flat


def _fields(type: object, path: Sequence[Key]) -> list[str]:
    structs = [info for info in _type_at(type, path) if isinstance(info, msgspec.inspect.StructType)]
    return [f.encode_name for info in structs for f in info.fields]


def _keys(type: object, path: Sequence[Key]) -> list[str]:
    dicts = [info for info in _type_at(type, path) if isinstance(info, msgspec.inspect.DictType)]
    return _literals([info.key_type for info in dicts])


def _literals(infos: Sequence[Any]) -> list[str]:
    literals = [info for info in _flat(infos) if isinstance(info, msgspec.inspect.LiteralType)]
    return [str(value) for info in literals for value in info.values]
