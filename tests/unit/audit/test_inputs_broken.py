"""Files that once ended in a traceback, or did not end: each has one sentence now, or is read."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from limits import computing
from paths import DATA

from solver.audit.inputs import read_given, read_set
from solver.core import reading
from solver.core.errors import BadInput

BROKEN = DATA / "broken"
AGAIN = "; write the lock anew with the tool that made it"
NINES = "'" + "9" * 109 + " …"
DIGITS = "expected TOML, but Exceeds the limit (4300 digits) for integer string conversion: value has 5000 digits"
UNKNOWN = "compares what has no order, or is not known here"
REPEATED = "aliases and << bring more than 100000 entries; write them out"


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("condalock-5000.conda-lock.yml", f":3: package[0]: {NINES} is no version{AGAIN}"),
        (
            "condalock-categories.conda-lock.yml",
            f":3: package[0].categories: expected a list, found an integer 5{AGAIN}",
        ),
        ("condalock-ipv6.conda-lock.yml", f":3: package[0]: 'http://[' is no address{AGAIN}"),
        ("condalock-name.conda-lock.yml", rf":3: package[0]: '\xe9' is no conda package name{AGAIN}"),
        (
            "env-mixed-variables.environment.yml",
            ":2: variables.1: a key must be a string, found an integer; put it in quotes",
        ),
        ("laughs-variables.environment.yml", f":5: {REPEATED}"),
        ("laughs.pixi.lock", f":5: {REPEATED}"),
        (
            "pixi-null-platform.pixi.lock",
            f":2: environments.default.packages.null: a key must be a string, found nothing{AGAIN}",
        ),
        (
            "pixi-unhashable.pixi.lock",
            f":2: environments.default.packages.linux-64[0].conda: expected a string, found a list{AGAIN}",
        ),
        (
            "poetry-marker.poetry.lock",
            f":1: package[0].markers: the marker '\"x\" in dependency_groups' {UNKNOWN}{AGAIN}",
        ),
        (
            "poetry-marker2.poetry.lock",
            f":1: package[0].markers: the marker 'python_version ~= \"x\"' {UNKNOWN}{AGAIN}",
        ),
        (
            "poetry-version-5000.poetry.lock",
            f": metadata.lock-version: expected a lock-version up to 2, found {NINES}; update interlock, or write the "
            "lock with an older poetry",
        ),
        ("pylock-extraa.pylock.toml", f":3: packages[0].marker: the marker 'extra == \"a\"' {UNKNOWN}{AGAIN}"),
        ("pylock-extrasa.pylock.toml", f":3: packages[0].marker: the marker 'extras == \"a\"' {UNKNOWN}{AGAIN}"),
        ("pylock-osname.pylock.toml", f":3: packages[0].marker: the marker 'os_name ~= \"1\"' {UNKNOWN}{AGAIN}"),
        ("req-bad-ipv6.txt", ":1: 'http://[' is no address"),
        ("req-bare-ipv6.txt", ":1: 'http://[' is no address"),
        ("req-marker.txt", f":1: the marker 'os_name ~= \"1\"' {UNKNOWN}"),
        ("req-nul-include.txt", r":1: '\x00' cannot be read; put that file there, or remove this line"),
        ("toml-5000-digits.uv.lock", f": {DIGITS}"),
        ("toml-deep.uv.lock", ": expected TOML, but it is nested too deeply to be read"),
        (
            "uv-dev-string.uv.lock",
            f':2: package[0].dev-dependencies.dev[0]: expected a mapping, found a string "b"{AGAIN}',
        ),
        (
            "uv-extra-int.uv.lock",
            f":2: package[0].dependencies[0].extra: expected a list, found a float 1.5{AGAIN}",
        ),
        (
            "uv-marker-compare.uv.lock",
            f":2: package[0].dependencies[0].marker: the marker 'os_name ~= \"1\"' {UNKNOWN}{AGAIN}",
        ),
        (
            "uv-marker-extras.uv.lock",
            f":2: package[0].dependencies[0].marker: the marker '\"x\" in extras' {UNKNOWN}{AGAIN}",
        ),
        ("uv-registry-ipv6.uv.lock", f":7: package[1]: 'http://[' is no address{AGAIN}"),
        ("uv-requires-python-int.uv.lock", f': requires-python: expected a string like "5", found an integer 5{AGAIN}'),
        ("uv-version-int.uv.lock", f':7: package[1].version: expected a string like "1", found an integer 1{AGAIN}'),
        ("uv-version-table.uv.lock", f":7: package[1].version: expected a string, found a mapping{AGAIN}"),
    ],
)
def test_a_broken_file_ends_in_one_sentence(name, sentence):
    with computing(5), pytest.raises(BadInput) as caught:
        read_set(BROKEN / name)
    assert (str(caught.value), caught.value.exit_code) == (f"{BROKEN / name}{sentence}", 2)


@pytest.mark.parametrize(
    ("name", "pins"),
    [
        ("req-5000-digits.txt", ["a==1", "b"]),
        ("uv-chain-400.uv.lock", [f"p{number}==1" for number in range(1, 401)]),
        ("merge-bomb.environment.yml", ["numpy==2"]),
    ],
)
def test_what_can_be_read_is_read(name, pins):
    with computing(5):
        assert [package.pin for package in read_set(BROKEN / name).packages] == pins


MILLION = 10**6


@pytest.mark.parametrize(
    ("text", "pins"),
    [
        ("\n" * MILLION + "numpy==2.0\n", ["numpy==2.0"]),
        ("#" * MILLION + "\nnumpy==2.0\n", ["numpy==2.0"]),
        (("#" * 1000 + "\n") * 1000 + "numpy==2.0\n", ["numpy==2.0"]),
        ("numpy==2.0" + " " * MILLION + "\n", ["numpy==2.0"]),
        ("numpy==2.0" + "\t" * MILLION + "# x\n", ["numpy==2.0"]),
        ("numpy==2.0" + " \\\n" * 100_000, ["numpy==2.0"]),
        ("\n".join(f"numpy[a{number}]==2.0" for number in range(20_000)), ["numpy==2.0"]),
        ("# Editable " + "(a==" * 250_000 + "\n-e x\nnumpy==2.0\n", ["numpy==2.0"]),
        ("dependencies: [numpy, '" + "python [" + "[" * MILLION + "']\n", ["numpy", "python"]),
        ("dependencies: [numpy, 'python [" + "a" * MILLION + "']\n", ["numpy", "python"]),
        ("dependencies: [numpy, 'python" + " " * MILLION + "']\n", ["numpy", "python"]),
    ],
    ids=[
        "newlines",
        "comment",
        "comments",
        "blanks",
        "tabs",
        "continued",
        "extras",
        "editable",
        "brackets",
        "word",
        "spec",
    ],
)
def test_a_million_letters_are_read_in_linear_time(text, pins):
    with computing(10):
        assert [package.pin for package in read_given(text, "a.file", Path()).packages] == pins


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[" + " " * MILLION + "\n", "a.file:1: expected a requirement such as name==1.2, found '['"),
        (
            "numpy==2.0" + " " * MILLION + "x\n",
            f"a.file:1: expected a requirement such as name==1.2, found 'numpy==2.0{' ' * 99} …",
        ),
        ("\t" * MILLION + "==\n", "a.file:1: expected a requirement such as name==1.2, found '=='"),
        (
            "-" * MILLION + "\n",
            f"a.file:1: {'-' * 190} … is no option of a requirements file; remove it, or write it on pip's command "
            "line",
        ),
        (
            "a; " + "(" * MILLION + "\n",
            f"a.file:1: expected a requirement such as name==1.2, found 'a; {'(' * 106} …",
        ),
        (
            "dependencies:\n- '" + "a/" * (MILLION // 2) + "'\n- '!!'",
            "a.file:3: dependencies[1]: expected a match spec such as numpy=2.2, found '!!'",
        ),
    ],
    ids=["bracket", "blanks", "tabs", "option", "nest", "channel"],
)
def test_a_million_letters_that_say_nothing_end_in_one_sentence(text, sentence):
    with computing(10), pytest.raises(BadInput) as caught:
        read_given(text, "a.file", Path())
    assert str(caught.value) == sentence


def test_what_is_larger_than_any_lock_is_not_read(tmp_path):
    with computing(5), pytest.raises(BadInput) as caught:
        read_set(Path("/dev/zero"))
    assert str(caught.value) == "/dev/zero: is larger than 16 MiB, which no lock or list is"
    with pytest.raises(BadInput) as caught:
        read_set(tmp_path / "stdin", text="a\n" * (reading.LARGEST // 2 + 1))
    assert str(caught.value) == f"{tmp_path / 'stdin'}: is larger than 16 MiB, which no lock or list is"


@pytest.mark.parametrize(
    ("files", "where"),
    [
        ({f"{n}.txt": f"-r {n + 1}.txt\n" for n in range(25)}, "20.txt:1"),
        ({f"{n}.txt": f"a==1\n-r {n + 1}.txt\n-r {n + 1}.txt\n" for n in range(15)} | {"15.txt": "b==1\n"}, "13.txt:2"),
    ],
    ids=["in one another", "twice each"],
)
def test_files_that_include_one_another_without_end_are_refused(tmp_path, files, where):
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    with computing(5), pytest.raises(BadInput) as caught:
        read_set(tmp_path / "0.txt")
    assert str(caught.value) == (
        f"{tmp_path / where}: includes more than 20 files in one another, or more than 1000 in all; write fewer files"
    )


def test_links_in_a_circle_are_no_file(tmp_path):
    (tmp_path / "a.txt").symlink_to(tmp_path / "b.txt")
    (tmp_path / "b.txt").symlink_to(tmp_path / "a.txt")
    (tmp_path / "r.txt").write_text("-r a.txt\n")
    with pytest.raises(BadInput) as caught:
        read_set(tmp_path / "r.txt")
    assert str(caught.value) == (
        f"{tmp_path / 'r.txt'}:1: 'a.txt' cannot be read; put that file there, or remove this line"
    )


@pytest.mark.parametrize("name", sorted(path.name for path in BROKEN.iterdir() if path.suffix in (".txt", ".yml")))
def test_audit_ends_with_exit_code_2_or_an_answer(name, tmp_path, interlock, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shutil.copy(BROKEN / name, tmp_path / name)
    code, out, err = interlock("audit", name)
    assert (code in (0, 2), len(err.splitlines()) == (code == 2), bool(out) == (code == 0)) == (True, True, True)
