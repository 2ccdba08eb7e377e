"""Reading YAML: plain data, the place of everything, and errors that name it."""

from __future__ import annotations

import pytest
import yaml
from limits import computing

from solver.core.errors import BadInput
from solver.core.yamlfile import load_yaml, parse_yaml

TEXT = """\
# a comment
name: test
rows:
  - id: first
    cuda: "12.8"
  - id: second
    list: [1,
           two]
"base key": &base {a: 1, b: x}
"2.9": {<<: *base, b: y}
"""


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ((), 2),
        (("name",), 2),
        (("rows",), 3),
        (("rows", 0), 4),
        (("rows", 0, "cuda"), 5),
        (("rows", 1, "list", 1), 8),
        (("2.9", "b"), 10),
        (("2.9", "a"), 9),
        (("rows", 2), None),
        (("name", "more"), None),
        (("nothing",), None),
    ],
)
def test_every_key_and_item_has_its_line(path, line):
    assert parse_yaml(TEXT, "f.yaml").line(*path) == line


def test_an_empty_document_has_no_place():
    document = parse_yaml("", "f.yaml")
    assert (document.data, document.line(), document.text("a")) == (None, None, None)
    assert str(document.error("is empty", "a")) == "f.yaml: a: is empty"


def test_scalars_keep_their_spelling():
    document = parse_yaml("a: 3.10\nb: 'x y'\nc: [1]\n", "f.yaml")
    assert [document.text(key) for key in "abc"] == ["3.10", "x y", None]


def test_an_error_points_at_the_nearest_line_that_exists():
    document = parse_yaml(TEXT, "f.yaml")
    assert str(document.error("is wrong", "rows", 1, "gone", 3, fix="mend it")) == (
        "f.yaml:6: rows[1].gone[3]: is wrong; mend it"
    )


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1),
        ("-12", -12),
        ("1.50", 1.5),
        (".5e+3", 500.0),
        ("true", True),
        ("False", False),
        ("~", None),
        ("", None),
        ("on", "on"),
        ("no", "no"),
        ("2026-11-21", "2026-11-21"),
        ("12:30", "12:30"),
        ("1_000", "1_000"),
        ("012", "012"),
        ("0x1f", "0x1f"),
        ("1e5", "1e5"),
        ("2.9.1", "2.9.1"),
        ("=", "="),
        ("'1'", "1"),
    ],
)
def test_only_what_is_plainly_a_number_is_one(text, value):
    read = parse_yaml(f"key: {text}\n", "f.yaml").data["key"]
    assert (read, type(read)) == (value, type(value))


@pytest.mark.parametrize("text", ["1e5", "on", "2026-11-21", "012", "1_0", "0o7", "12:30", "~x", "nan", ".5e3"])
def test_a_string_that_another_tool_dumped_stays_a_string(text):
    assert parse_yaml(yaml.safe_dump({"key": text}), "f.yaml").data == {"key": text}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\nb: {c: 1, d: 2, c: 3}\n", "f.yaml:2: the key c stands here for the second time, first on line 2"),
        ("a: 1\n'a': 2\n", "f.yaml:2: the key a stands here for the second time, first on line 1"),
        ("[1, 2]: 3\n", "f.yaml:1: a key must be a single word, not a list or a mapping"),
        ("a: &x\n  - *x\n", "f.yaml:1: this alias holds itself"),
        ("a: &x {b: {<<: *x}}\n", "f.yaml:1: this alias holds itself"),
        ("a: {<<: 3}\n", "f.yaml:1: << needs a mapping, or a list of mappings"),
        ("a: !!set {b, c}\n", "f.yaml:1: the tag tag:yaml.org,2002:set is not allowed here"),
        ("a: !!int x\n", "f.yaml:1: 'x' is no int"),
        ("a: *gone\n", "f.yaml:1: is not YAML: found undefined alias"),
        (
            "a: 1\n<<<<<<< HEAD\nb: 2\n=======\nb: 3\n>>>>>>> main\n",
            "f.yaml:2: holds the marks of a merge that nobody finished; keep one side of it, and take the marks out",
        ),
        ("a: 1\n---\nb: 2\n", "f.yaml:2: is not YAML: but found another document"),
    ],
)
def test_what_is_refused(text, message):
    with pytest.raises(BadInput) as caught:
        parse_yaml(text, "f.yaml")
    assert str(caught.value) == message


def test_a_nest_too_deep_to_be_read_is_refused():
    with pytest.raises(BadInput, match=r"^f\.yaml(:\d+)?: is n"):
        parse_yaml("[" * 20000 + "]" * 20000, "f.yaml")


def test_merged_keys_come_after_own_ones():
    text = "a: &a {x: 1, y: 1}\nb: &b {y: 2, z: 2}\nc: {<<: [*a, *b], x: 3}\n"
    assert parse_yaml(text, "f.yaml").data["c"] == {"x": 3, "y": 1, "z": 2}


def test_a_file_is_read_by_its_name(tmp_path):
    path = tmp_path / "f.yaml"
    with pytest.raises(BadInput) as caught:
        load_yaml(path)
    assert str(caught.value) == f"{path}: there is no such file"
    path.write_bytes(b"\xef\xbb\xbfa: 1\r\nb: \xc3\xa4\r\n")
    assert load_yaml(path).data == {"a": 1, "b": "ä"}
    path.write_bytes(b"a: \xff\n")
    with pytest.raises(BadInput) as caught:
        load_yaml(path)
    assert str(caught.value) == f"{path}:1: is not UTF-8 text: byte 3 cannot be read"
    path.unlink()
    path.mkdir()
    with pytest.raises(BadInput) as caught:
        load_yaml(path)
    assert str(caught.value) == f"{path}: cannot be read: Is a directory"


def test_each_item_of_a_list_is_a_document_of_its_own():
    first, second = parse_yaml(TEXT, "f.yaml").items("rows")
    assert (first.data, first.line("cuda")) == ({"id": "first", "cuda": "12.8"}, 5)
    assert str(second.error("is odd", "list", 1)) == "f.yaml:8: list[1]: is odd"
    with pytest.raises(KeyError):
        next(parse_yaml(TEXT, "f.yaml").items("name"))
    with pytest.raises(KeyError):
        next(parse_yaml("", "f.yaml").items())


def test_a_file_may_be_shown_by_another_name(tmp_path):
    (tmp_path / "f.yaml").write_text("a: [")
    with pytest.raises(BadInput) as caught:
        load_yaml(tmp_path / "f.yaml", "shown/f.yaml")
    assert str(caught.value) == "shown/f.yaml:2: is not YAML: did not find expected node content"


def doubled(levels):
    """Lists of ten aliases each, of the level below."""
    lines = ["a0: &a0 [1]", *(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, levels))]
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (doubled(29), "f.yaml:5: aliases and << bring more than 100000 entries; write them out"),
        (
            "a: &a {" + ", ".join(f"k{n}: 1" for n in range(1000)) + "}\nb: {<<: [" + ", ".join(["*a"] * 60) + "]}\n",
            "f.yaml:1: aliases and << bring more than 100000 entries; write them out",
        ),
        ("[" * 101 + "]" * 101, "f.yaml:1: is nested deeper than 100 lists and mappings"),
        (
            "a0: &a0 [1]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}]\n" for n in range(1, 200)),
            "f.yaml:99: is nested deeper than 100 lists and mappings",
        ),
    ],
    ids=["aliases", "merged", "nest", "nest by aliases"],
)
def test_what_grows_or_nests_beyond_what_anybody_reads_is_refused(text, message):
    with pytest.raises(BadInput) as caught:
        parse_yaml(text, "f.yaml")
    assert str(caught.value) == message


def test_a_nest_of_a_hundred_and_many_aliases_are_read():
    assert parse_yaml("[" * 100 + "]" * 100, "f.yaml").line() == 1
    assert sum(parse_yaml(f"a: &a 1\nb: [{', '.join(['*a'] * 2000)}]\n", "f.yaml").data["b"]) == 2000


def test_a_mapping_merged_many_times_over_is_merged_once():
    lists = ", ".join("{<<: *a}" for _ in range(10))
    levels = "".join(f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 10)}]}}\n" for n in range(1, 12))
    with computing(5):
        assert parse_yaml(f"a0: &a0 {{k: 1}}\n{levels}", "f.yaml").data["a11"] == {"k": 1}
    assert parse_yaml(f"a: &a {{k: 1}}\nb: [{lists}]\n", "f.yaml").data["b"] == [{"k": 1}] * 10


@pytest.mark.parametrize(
    ("key", "place"), [("null", "2: a.null"), ("~", "2: a.null"), ("7", "2: a.7"), ("true", "2: a.true")]
)
def test_a_key_that_is_no_string_has_its_line(key, place):
    document = parse_yaml(f"a:\n  {key}: x\n", "f.yaml")
    step = next(iter(document.data["a"]))
    assert str(document.error("is wrong", "a", step)) == f"f.yaml:{place}: is wrong"


def test_a_key_that_is_spelled_like_another_has_its_own_line():
    document = parse_yaml("1: x\n'1': y\n", "f.yaml")
    assert (document.line("1"), document.line(1)) == (2, 1)


def test_a_sentence_is_one_line_whatever_stands_in_the_file():
    with pytest.raises(BadInput) as caught:
        parse_yaml('"a\\nb": 1\n"a\\nb": 2\n', "f.yaml")
    assert str(caught.value) == r"f.yaml:2: the key a\nb stands here for the second time, first on line 1"
