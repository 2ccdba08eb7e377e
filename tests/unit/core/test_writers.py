"""Every writer writes what its format can hold and refuses the rest; nothing else writes such lines."""

import re
import shlex
from pathlib import Path

import pytest

import solver
from solver.core import names, writers
from solver.core.errors import BadInput

A, B = "a" * 64, "b" * 64
NO_SHA256 = "is no sha256 of 64 lower-case hex digits"
URL = "https://wheels.invalid/torch-2.11.0%2Bcu128-cp312-cp312-linux_x86_64.whl"


def refused(call, *arguments, **keys):
    with pytest.raises(BadInput) as caught:
        call(*arguments, **keys)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        ({"version": "2.0"}, "torch==2.0"),
        (
            {"version": "2.0+cu128", "hashes": [A, "b" * 64]},
            f"torch==2.0+cu128 --hash=sha256:{A} --hash=sha256:{'b' * 64}",
        ),
        ({"url": URL, "hashes": [A]}, f"torch @ {URL} --hash=sha256:{A}"),
        ({"url": f"{URL}#sha256={A}"}, f"torch @ {URL}#sha256={A}"),
        ({"specifier": ">=2,<3"}, "torch>=2,<3"),
        ({"extras": ["opt-einsum", "x"], "version": "2"}, "torch[opt-einsum,x]==2"),
    ],
)
def test_a_requirement_is_one_line(keys, line):
    assert writers.requirement_line("torch", **keys) == line


SMUGGLED = f"{A}\n--index-url http://evil.invalid/simple\n--find-links /x\nintruder==1.0"


@pytest.mark.parametrize(
    ("name", "keys", "sentence"),
    [
        (
            "torch",
            {"version": "2", "hashes": [SMUGGLED]},
            f"it: {names.shown(SMUGGLED)} {NO_SHA256}",
        ),
        ("torch", {"version": "2", "hashes": [f"{A}\n"]}, f"it: '{A}\\n' {NO_SHA256}"),
        ("torch", {"version": "2", "hashes": ["A" * 64]}, f"it: '{'A' * 64}' {NO_SHA256}"),
        ("torch", {"version": "2\n--pre"}, r"it: '2\n--pre' is no version"),
        ("torch", {"version": "2 --pre"}, "it: '2 --pre' is no version"),
        ("torch", {"version": ""}, "it: '' is no version"),
        ("--index-url", {"version": "2"}, "it: '--index-url' is no name of a package"),
        ("-r", {}, "it: '-r' is no name of a package"),
        ("a b", {}, "it: 'a b' is no name of a package"),
        ("torch\0", {}, r"it: 'torch\x00' is no name of a package"),
        ("torch", {"extras": ["x]\n--pre"]}, r"it: 'x]\n--pre' is no name of a package"),
        ("torch", {"url": "https://x/a b"}, "it: 'https://x/a b' is no address"),
        ("torch", {"url": "https://x/a\n--pre"}, r"it: 'https://x/a\n--pre' is no address"),
        ("torch", {"url": "https://x/a#b --pre"}, "'https://x/a#b --pre': its fragment is none of an address"),
        ("torch", {"specifier": ">=2 --pre"}, "'>=2 --pre': it is no version specifier"),
        ("torch", {"specifier": ">=2\n"}, r"'>=2\n': it would end the line"),
    ],
)
def test_a_requirement_holds_no_other_line_and_no_option(name, keys, sentence):
    assert refused(writers.requirement_line, name, **keys) == f"a requirements file cannot hold {sentence}"


def test_a_wrapped_line_has_one_hash_a_line():
    line = writers.requirement_line("torch", version="2", hashes=[A, A])
    assert writers.wrapped(line) == f"torch==2 \\\n    --hash=sha256:{A} \\\n    --hash=sha256:{A}"


@pytest.mark.parametrize("end", ["\n", "\r", "\0", "\x0b", "\x85", "\u2028"])
def test_a_comment_ends_where_its_line_ends(end):
    assert writers.comment("some words – and more") == "# some words – and more"
    sentence = refused(writers.comment, f"words{end}RUN touch /x")
    assert sentence == f"a comment cannot hold {f'words{end}RUN touch /x'!a}: it would end the line"


def test_an_archive_is_an_address_with_its_hash():
    url = "https://conda.anaconda.org/conda-forge/linux-64/a-1-0.conda"
    assert writers.explicit_line(url, A) == f"{url}#sha256:{A}"
    assert refused(writers.explicit_line, f"{url}\nhttp://evil", A).startswith("an @EXPLICIT file cannot hold it: ")
    assert refused(writers.explicit_line, f"{url}#md5", A).startswith("an @EXPLICIT file cannot hold it: ")
    assert refused(writers.explicit_line, url, "abc").startswith("an @EXPLICIT file cannot hold it: 'abc' is no sha256")


@pytest.mark.parametrize("value", ["plain", "", "it's", 'a "b" $c `d` \\e', "two\nlines", "$(touch x)"])
def test_a_shell_reads_back_what_was_written(value):
    line = writers.shell_default("NAME", value)
    assert line.startswith('[ -n "${NAME+set}" ] || export NAME=')
    assert shlex.split(line)[-1] == f"NAME={value}"


@pytest.mark.parametrize("name", ["", "A B", "A=B", "1A", 'A+x}" ]; touch /x; #', "A\nB", "Ä"])
def test_a_variable_has_a_name(name):
    sentence = f"cannot hold it: {name!a} is no name of an environment variable"
    assert refused(writers.shell_default, name, "x") == f"a shell script {sentence}"
    assert refused(writers.docker_env, {name: "x"}, "/bin") == f"ENV {sentence}"


def test_no_variable_holds_nul():
    assert (
        refused(writers.shell_default, "A", "a\0b") == r"a shell script cannot hold 'a\x00b': no variable can hold NUL"
    )


IMAGES = [
    "debian",
    "debian:12-slim",
    "python:3.12-slim",
    "nvidia/cuda:12.8.0-base",
    "ghcr.io/a/b_c/d--e:1",
    "localhost:5000/a",
]


@pytest.mark.parametrize("base", IMAGES)
def test_an_image_is_named_with_its_digest(base):
    assert writers.docker_from(base, f"sha256:{A}", "start") == f"FROM {base}@sha256:{A} AS start"


@pytest.mark.parametrize(
    "base",
    [
        "",
        "--platform=x a",
        "a AS b",
        "a\nRUN touch /x",
        "a@sha256:b",
        "A/b",
        "a:",
        "a//b",
        "a b",
        "$BASE",
        "a:b:c",
        "-a",
    ],
)
def test_what_is_no_image_is_refused(base):
    sentence = f"FROM cannot hold {base!a}: it is no image by repository and tag"
    assert refused(writers.docker_from, base, f"sha256:{A}", "start") == sentence


def test_a_digest_of_an_image_is_whole():
    sentence = refused(writers.docker_from, "debian", f"sha256:{A}\nRUN x", "start")
    assert sentence.endswith(": a digest is sha256: and 64 lower-case hex digits")


def test_an_image_is_given_its_variables():
    assert writers.docker_env({"A": "1", "B": 'x "y" $z'}, "/opt/env/bin") == (
        'ENV PATH="/opt/env/bin:$PATH" \\\n    A=1 \\\n    B="x \\"y\\" \\$z"'
    )
    assert refused(writers.docker_env, {"A": "1\nRUN x"}, "/bin") == (
        r"ENV cannot hold '1\nRUN x': the value of A has a control character or more than one line"
    )


@pytest.mark.parametrize("word", ["", "a b", "--from=x", "a\nRUN x", 'a"b', "a$b"])
def test_a_word_of_an_instruction_is_one(word):
    assert (
        refused(writers.docker_copy, [word], "/x") == f"COPY cannot hold {word!a}: it is no single word, or an option"
    )
    assert (
        refused(writers.docker_label, {"title": word})
        == f"LABEL cannot hold {word!a}: it is no single word, or an option"
    )


BY_HAND = re.compile(r"""f?["'](?:# |\\n# )|--hash=sha256:\{|f"(?:FROM|COPY|ENV|LABEL) \{|export \{|#sha256:\{""")
"""A comment, a hash, an instruction, a shell's assignment or an explicit archive, put together where it stands."""


def test_nothing_else_writes_such_lines():
    root = Path(solver.__file__).parent
    places = []
    for path in [*root.glob("lock/**/*.py"), *root.glob("audit/fix/*.py"), *root.glob("commands/*.py")]:
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            if BY_HAND.search(line):
                places.append(f"{path.relative_to(root).as_posix()}:{number}: {line.strip()}")
    assert places == []
