"""Values made of YAML, and each misfit told with file, line and key."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
import pytest

from solver.core.decode import decode
from solver.core.errors import BadInput
from solver.core.yamlfile import parse_yaml


class Row(msgspec.Struct, forbid_unknown_fields=True, rename="kebab"):
    id: str
    cuda: Annotated[str, msgspec.Meta(pattern=r"^\d+\.\d+$")] = "1.0"
    kind: Literal["red", "green", "blue"] = "red"
    size: int | None = None
    share: float = 0.5
    on_off: bool = False
    names: tuple[str, ...] = ()
    pins: dict[str, Annotated[str, msgspec.Meta(min_length=1)]] = {}
    axes: dict[Literal["torch", "numpy"], str] = {}
    many: str | tuple[str, ...] = ()
    nested: dict[str, dict[str, list[int]]] = {}


class File(msgspec.Struct, forbid_unknown_fields=True):
    rows: dict[str, Row]


def test_what_fits_is_decoded():
    document = parse_yaml("rows: {a: {id: x, on-off: true, share: 1, pins: {p: q}, many: w}}\n", "f.yaml")
    assert decode(document, File).rows["a"] == Row(id="x", on_off=True, share=1.0, pins={"p": "q"}, many="w")


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("{id: 3.10}", 'rows.b.id: expected a string like "3.10", found a float 3.10; put it in quotes'),
        ("{id: 7}", 'rows.b.id: expected a string like "7", found an integer 7; put it in quotes'),
        ("{id: true}", 'rows.b.id: expected a string like "true", found a boolean true; put it in quotes'),
        ("{id: }", "rows.b.id: expected a string, found nothing"),
        ("{id: [x]}", "rows.b.id: expected a string, found a list"),
        ("{}", "rows.b.id: this key is missing; add it"),
        ("[]", "rows.b: expected a mapping, found a list"),
        ("{id: x, onoff: true}", "rows.b.onoff: is not a key known here; did you mean on-off?"),
        ("{id: x, cuda: '12'}", 'rows.b.cuda: expected a string that matches ^\\d+\\.\\d+$, found "12"'),
        ("{id: x, kind: pink}", "rows.b.kind: expected blue, green or red, found pink"),
        ("{id: x, size: '3'}", 'rows.b.size: expected a whole number, found a string "3"'),
        ("{id: x, size: 3.5}", "rows.b.size: expected a whole number, found a float 3.5"),
        ("{id: x, share: much}", 'rows.b.share: expected a number, found a string "much"'),
        ("{id: x, on-off: 1}", "rows.b.on-off: expected true or false, found an integer 1"),
        ("{id: x, names: y}", 'rows.b.names: expected a list, found a string "y"; write [y]'),
        (
            "{id: x, names: [y, 1.0]}",
            'rows.b.names[1]: expected a string like "1.0", found a float 1.0; put it in quotes',
        ),
        (
            "{id: x, pins: {good: q, bad: 2}}",
            'rows.b.pins.bad: expected a string like "2", found an integer 2; put it in quotes',
        ),
        ("{id: x, pins: {good: q, bad: ''}}", "rows.b.pins.bad: expected some text, found an empty string"),
        ("{id: x, pins: {2.9: q}}", "rows.b.pins.2.9: a key must be a string, found a float; put it in quotes"),
        ("{id: x, axes: {troch: q}}", "rows.b.axes.troch: is not a key known here; did you mean torch?"),
        ("{id: x, many: 1.5}", 'rows.b.many: expected a string like "1.5", found a float 1.5; put it in quotes'),
        (
            "{id: x, nested: {p: {q: [1]}, r: {s: [1], t: [1, y]}}}",
            'rows.b.nested.r.t[1]: expected a whole number, found a string "y"',
        ),
    ],
)
def test_what_does_not_fit_is_told_with_its_full_path(row, message):
    document = parse_yaml(f"rows:\n  a: {{id: fine}}\n  b:\n    {row}\n", "f.yaml")
    with pytest.raises(BadInput) as caught:
        decode(document, File)
    line = 3 if message.startswith(("rows.b:", "rows.b.id: this key")) else 4
    assert str(caught.value) == f"f.yaml:{line}: {message}"


def test_a_check_of_a_struct_is_told_in_its_own_words():
    class Even(msgspec.Struct):
        number: int

        def __post_init__(self) -> None:
            if self.number % 2:
                raise ValueError("Is odd")

    with pytest.raises(BadInput) as caught:
        decode(parse_yaml("- {number: 2}\n- {number: 3}\n", "f.yaml"), list[Even])
    assert str(caught.value) == "f.yaml:2: [1]: is odd"


class Nested(msgspec.Struct):
    rows: dict[str, dict[str, str]]


def test_the_first_of_several_faults_is_told_whatever_stands_behind_it():
    text = "rows:\n  a: {good: x, bad: 1, worse: 2}\n  b: {good: x, bad: 1}\n"
    with pytest.raises(BadInput) as caught:
        decode(parse_yaml(text, "f.yaml"), Nested)
    assert str(caught.value) == (
        'f.yaml:2: rows.a.bad: expected a string like "1", found an integer 1; put it in quotes'
    )


def test_the_fault_in_many_keys_is_found_by_few_tries(monkeypatch):
    tries = []
    convert = msgspec.convert
    monkeypatch.setattr(msgspec, "convert", lambda *words, **more: (tries.append(1), convert(*words, **more))[1])
    text = "rows:\n  a:\n" + "".join(f"    k{number}: x\n" for number in range(5000)) + "    last: 1\n"
    with pytest.raises(BadInput, match=r"^f\.yaml:5003: rows\.a\.last: expected a string"):
        decode(parse_yaml(text, "f.yaml"), Nested)
    assert len(tries) < 20


def test_whoever_does_not_write_such_files_by_hand_is_told_what_to_do_with_the_whole():
    with pytest.raises(BadInput) as caught:
        decode(parse_yaml("rows: {a: {b: 1}}", "f.lock"), Nested, "write it anew")
    assert str(caught.value) == 'f.lock:1: rows.a.b: expected a string like "1", found an integer 1; write it anew'


@pytest.mark.parametrize(
    ("key", "found"),
    [("null", "found nothing"), ("7", "found an integer"), ("1.5", "found a float"), ("true", "found a boolean")],
)
def test_a_key_that_is_no_string_is_told_as_it_is_spelled(key, found):
    with pytest.raises(BadInput) as caught:
        decode(parse_yaml(f"rows:\n  a: {{}}\n  b:\n    {key}: x\n", "f.yaml"), Nested)
    assert str(caught.value) == f"f.yaml:4: rows.b.{key}: a key must be a string, {found}; put it in quotes"


def test_a_long_value_is_not_told_whole():
    with pytest.raises(BadInput) as caught:
        decode(parse_yaml(f"rows: {{a: '{'x' * 10000}'}}", "f.yaml"), Nested)
    assert str(caught.value) == f'f.yaml:1: rows.a: expected a mapping, found a string "\'{"x" * 109} …"'
