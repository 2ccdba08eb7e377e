"""One function for each kind of name, and what it refuses."""

import pytest

from solver.core import names
from solver.core.model import conda_name, pypi_name

A = "a" * 64
ENDS = ["\n", "\r", "\0", " ", "\t", "\x85", "\u2028"]
GOOD = [
    (names.sha256, A, A),
    (names.md5, "0" * 32, "0" * 32),
    (names.file_name, "torch-2.11.0+cu128-cp312-cp312-linux_x86_64.whl", None),
    (names.file_name, "_libgcc_mutex-0.1-conda_forge.tar.bz2", None),
    (names.project, "Tiny.Pack", "tiny-pack"),
    (names.project, "a", "a"),
    (names.version, "v1.0.0-RC1", "1.0.0rc1"),
    (names.any_version, "1!2.0+cu128", None),
    (names.wheel, "Tiny_Pack-1.0-2x-py3-none-any.whl", ("tiny-pack", "1.0")),
    (names.archive, "ld_impl_linux-64-2.46.1-default_1.tar.bz2", ("ld_impl_linux-64", "2.46.1", "default_1")),
    (names.address, "https://u.example:8080/a%20b/c?d=e&f", None),
    (names.web_address, "http://127.0.0.1:1/x", None),
    (names.channel, "conda-forge/label/rc", None),
    (names.channel, "https://conda.example/own", None),
    (names.channel, "./own channel", None),
    (names.subdir, "linux-64", None),
    (names.subdir, "noarch", None),
    (names.variable, "TF_NUM_1", None),
    (pypi_name, "_openmp_mutex", "-openmp-mutex"),
    (conda_name, " NumPy", "numpy"),
]
NORMALIZED = (names.version, pypi_name, conda_name)
"""Blanks around a version or a name go when it is normalized."""
ENDED = [
    (check, text, end)
    for check, text, _ in GOOD
    for end in ENDS
    if check not in NORMALIZED and not (text.startswith(".") and end == " ")  # a folder's name may have blanks
]


@pytest.mark.parametrize(("check", "text", "expected"), GOOD)
def test_what_is_one_is_taken(check, text, expected):
    assert check(text) == (text if expected is None else expected)


@pytest.mark.parametrize(
    "sign", [*"\0\n\r\x1b\x7f\x9b\u2028", *"\u061c\u200e\u200f\u202a\u202e\u2066\u2069"], ids=ascii
)
def test_what_steers_a_terminal_or_turns_writing_around_is_on_no_line(sign):
    text = f"six{sign} >=1"
    assert not names.is_one_line(text)
    assert (names.one_line(text), names.printable(text)) == ("six >=1", f"six{ascii(sign)[1:-1]} >=1")
    assert names.is_one_line("numéro 中文 \U0001f469\u200d\U0001f4bb")


@pytest.mark.parametrize(("check", "text", "end"), ENDED)
def test_nothing_ends_a_line(check, text, end):
    for lie in (text + end, end + text):
        if check is names.channel and lie[0] == end:
            lie = text[:3] + end + text[3:]
        with pytest.raises(names.BadName) as caught:
            check(lie)
        assert names.is_one_line(str(caught.value))


@pytest.mark.parametrize(
    ("check", "text"),
    [
        *((names.sha256, text) for text in ("", "A" * 64, "a" * 63, "a" * 65, "../../x", "/etc/x", "١" * 64, None, 7)),
        *((names.md5, text) for text in ("", "A" * 32, A, None)),
        *((names.file_name, text) for text in ("", ".", "..", ".a", "-a", "a/b", "a\\b", "/a", "a" * 251, "é", None)),
        *((names.project, text) for text in ("", "-a", "a-", "a b", "a/b", "é", "\u212a", "a" * 201, "--pre", None)),
        *((names.version, text) for text in ("", "one", "1.0 --pre", "9" * 5000)),
        *((names.any_version, text) for text in ("", "-1", "1 2", "9" * 5000, None, {})),
        *((names.wheel, text) for text in ("a-1.whl", "a-1-py3-none-any.zip", "a-one-a-b-c.whl", "-1-a-b-c.whl")),
        *((names.archive, text) for text in ("a-1.conda", "a-1-0.zip", "a.conda")),
        *((names.address, text) for text in ("", "a", "//a", "https://", "https://a#b", f"https://{'a' * 8000}")),
        *((names.address, f"https://a{quote}b") for quote in "\"'\\`<>|^{}"),
        *((names.web_address, text) for text in ("file:///etc/passwd", "ftp://a", "a")),
        *((names.channel, text) for text in ("", "-x", "a/../b", "a//b", "a b", "https://a b", None)),
        *((names.subdir, text) for text in ("", "..", "linux/64", "../x", "Linux-64")),
        *((names.variable, text) for text in ("", "1A", "A-B", "A=B", "A B", "É", "A}")),
        *((pypi_name, text) for text in ("", "a/b", "../x", "/etc/x", "a\nb", "a" * 201)),
        *((conda_name, text) for text in ("", "a/b", "é", "a$b", "a" * 202)),
    ],
)
def test_what_is_none_is_refused(check, text):
    with pytest.raises(names.BadName):
        check(text)


def test_a_wheel_is_of_the_project_and_version_that_were_asked():
    name = "tiny_pack-1.0-py3-none-any.whl"
    assert names.wheel_of(name, "tiny-pack", "1.0.0") == ("tiny-pack", "1.0")
    with pytest.raises(names.BadName, match="is a wheel of tiny-pack, not of torch"):
        names.wheel_of(name, "torch")
    with pytest.raises(names.BadName, match=r"is a wheel of version 1\.0, not of 2"):
        names.wheel_of(name, "tiny-pack", "2")


def test_a_long_text_is_cut_where_it_is_shown():
    assert names.shown("a\nb") == r"'a\nb'"
    assert len(names.shown("x" * 10_000)) == 112


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("`pip install git+https://ann:pw@h/a.git@v1` x", "`pip install git+https://h/a.git@v1` x"),
        ('"six @ https://h/six.whl?token=pw#sha256=00" is', '"six @ https://h/six.whl?...#sha256=00" is'),
        ("(https://h/x?a=pw&b=pw); and https://h/t/pw/c", "(https://h/x?...); and https://h/c"),
        ("is it https://h/x? or ssh://git@h/x", "is it https://h/x? or ssh://h/x"),
        ("why?no address", "why?no address"),
    ],
)
def test_a_sentence_is_told_without_the_secrets_of_its_addresses(text, told):
    assert names.without_secrets(text) == told
