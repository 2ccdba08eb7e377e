"""The instructions of a Dockerfile."""

import pytest

from solver.audit.readers.image.dockerfile import Instruction, instructions, is_dockerfile
from solver.core.errors import BadInput


def test_continued_lines_are_joined_over_comments_and_empty_lines():
    text = "FROM a\nRUN pip install \\\n  # why\n\n  torch \\\n  numpy\nENV A=b\n"
    assert [(one.name, one.value.split(), one.line) for one in instructions(text, "f")] == [
        ("FROM", ["a"], 1),
        ("RUN", ["pip", "install", "torch", "numpy"], 2),
        ("ENV", ["A=b"], 7),
    ]


def test_here_documents_belong_to_their_instruction():
    text = "FROM a\nRUN <<EOF\npip install x\nFROM b\nEOF\nCOPY <<-'ONE' <<TWO /to/\n\tone\n\tONE\ntwo\nTWO\nUSER me\n"
    assert instructions(text, "f")[1:] == [
        Instruction("RUN", "<<EOF", 2, documents=("pip install x\nFROM b",)),
        Instruction("COPY", "<<-'ONE' <<TWO /to/", 6, documents=("\tone", "two")),
        Instruction("USER", "me", 11),
    ]


def test_flags_stand_before_the_value():
    (copy,) = instructions("COPY --from=one --chown=a:b /x /y\n", "f")
    assert (copy.value, copy.flag("from"), copy.flag("chown"), copy.flag("chmod")) == ("/x /y", "one", "a:b", None)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ('["pip", "install", "a b"]', ["pip", "install", "a b"]),
        ("[ -f x ] && y", None),
        ('["a", 1]', None),
        ("a", None),
    ],
)
def test_the_form_of_a_list_has_words(value, words):
    assert Instruction("RUN", value, 1).words == words


def test_another_escape_may_be_named():
    run = instructions("# escape=`\nFROM a\nRUN pip install `\n  c:\\x\n", "f")[1]
    assert run.value.split() == ["pip", "install", "c:\\x"]


def test_what_is_no_instruction_is_told_with_its_line():
    with pytest.raises(BadInput) as caught:
        instructions("FROM a\nRUN pip install\n  torch numpy\n", "Dockerfile")
    assert str(caught.value) == (
        "Dockerfile:3: 'TORCH' is no instruction of a Dockerfile; "
        "write it behind a \\ if it goes on with the line above"
    )


def test_a_file_that_is_too_large_is_refused():
    with pytest.raises(BadInput, match="Dockerfile: is larger than 256 KiB, which no Dockerfile is"):
        instructions("RUN \\\n" * 2**16, "Dockerfile")


@pytest.mark.parametrize(
    ("line", "is_one"), [("FROM a", True), ("from a", True), ("ARG A=1", True), ("from==1", False), ("fromage", False)]
)
def test_a_dockerfile_begins_with_from_or_arg(line, is_one):
    assert is_dockerfile(line) is is_one
