"""What is accepted, by id and with a reason."""

from __future__ import annotations

import pytest

from solver.core.acceptance import accepted_in, accepting, finding_id, is_id, is_reason, reason_for


def test_the_id_of_a_finding_is_its_code_and_the_names_of_its_packages():
    assert finding_id("mixed-cuda", ["torch", "tensorflow", "torch"]) == "mixed-cuda/tensorflow+torch"
    assert finding_id("unknown", []) == "unknown"


@pytest.mark.parametrize("text", ["tensorflow-2.21.0", "mixed-cuda/tensorflow+torch", "clobber/_openmp_mutex"])
def test_an_id(text):
    assert is_id(text)


@pytest.mark.parametrize("text", ["", "two words", "a/", "a/b+", "/b", "a: b", "a" * 1001])
def test_no_id(text):
    assert not is_id(text)


@pytest.mark.parametrize(("text", "is_one"), [("why", True), (" ", False), ("a\nb", False)])
def test_a_reason_is_said_on_one_line(text, is_one):
    assert is_reason(text) is is_one


def test_a_row_stands_for_every_finding_that_it_decides():
    accepted = {"row": "by the row", "abi/a+b": "by the finding"}
    asked = [("abi", ("b", "a"), "row"), ("abi", ("a",), "row"), ("abi", ("a",), "other"), ("abi", ("a",), None)]
    assert [reason_for(accepted, *one) for one in asked] == ["by the finding", "by the row", None, None]


@pytest.mark.parametrize("head", ["", "# made by hand\n"])
def test_what_a_file_accepts_is_read_as_it_was_written(head):
    accepted = {"abi/a+b": "seen to work", "row-1.0": "we: know"}
    text = accepting(f"{head}a==1\n# below\nb==2\n", accepted)
    assert text == (
        f"{head}# interlock accepts abi/a+b: seen to work\n# interlock accepts row-1.0: we: know\na==1\n# below\nb==2\n"
    )
    assert accepted_in(text) == accepted


@pytest.mark.parametrize(
    "line", ["# interlock accepts abi/a", "# interlock accepts abi/: why", "interlock accepts a: b"]
)
def test_a_line_that_accepts_nothing(line):
    assert accepted_in(f"{line}\n") == {}
