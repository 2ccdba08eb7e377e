"""The commands of a script that nobody runs."""

import pytest

from solver.audit.readers.image.shell import UNKNOWN, NoScript, Room, commands, expanded


@pytest.mark.parametrize(
    ("text", "held"),
    [
        ("$A-${A}", "1-1"),
        ("${A:-2} ${B:-2} ${E:-2} ${E-2}", "1 2 2 "),
        ("${A:+x} ${B:+x}", "x "),
        ("\\$A", "$A"),
        ("a$B", f"a{UNKNOWN}"),
        ("$(date) `date` ${A%x}", f"{UNKNOWN} {UNKNOWN} {UNKNOWN}"),
    ],
)
def test_variables_are_put_in(text, held):
    assert expanded(text, {"A": "1", "E": ""}) == held


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("a b && c 'd e'; f | g", [("a", "b"), ("c", "d e"), ("f",), ("g",)]),
        ("if [ -n x ]; then pip install y; else z; fi", [("[", "-n", "x", "]"), ("pip", "install", "y"), ("z",)]),
        ("V=2 && pip install a==$V", [("pip", "install", "a==2")]),
        ("V=2 pip install a", [("pip", "install", "a")]),
        ("export V=3; pip install a==$V", [("pip", "install", "a==3")]),
        ("pip install a>=1 2>/dev/null b", [("pip", "install", "a", "b")]),
        ('pip install "a>=1"', [("pip", "install", "a>=1")]),
        ("sudo bash -lc 'pip install a && b'", [("pip", "install", "a"), ("b",)]),
        ("# pip install a\npip install b \\\n  c\nd", [("pip", "install", "b", "c"), ("d",)]),
        ("pip install a   # don't ask\nb", [("pip", "install", "a"), ("b",)]),
        ("pip install 'a # b' \"c # d\" e#f \\# g", [("pip", "install", "a # b", "c # d", "e#f", "#", "g")]),
        ("pip install $WORDS", [("pip", "install", "x", "y")]),
        ('p="$(command -v mamba || command -v conda)" && "$p" install a', [("mamba", "install", "a")]),
        ("PY=$(which python3) ; $PY -m pip install a", [("python3", "-m", "pip", "install", "a")]),
        ("`which pip` install a", [("pip", "install", "a")]),
        ("pip install git+https://a/b#egg=c", [("pip", "install", "git+https://a/b#egg=c")]),
    ],
)
def test_commands_are_told_apart(script, words):
    assert list(commands(script, {"WORDS": "x y"}, Room())) == words


def test_a_quotation_without_an_end_is_no_script():
    with pytest.raises(NoScript):
        list(commands("pip install 'a", {}, Room()))
