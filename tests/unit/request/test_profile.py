"""Specifiers as a request writes them."""

from __future__ import annotations

import pytest
from packaging.specifiers import SpecifierSet

from solver.request.keys import specifier


@pytest.mark.parametrize(
    ("text", "expected"),
    [("2.10.1", "==2.10.1"), (" 2.* ", "==2.*"), ("1.13.0+cu117", "==1.13.0+cu117"), (">=2,<3", "<3,>=2")],
)
def test_a_bare_version_is_that_version(text, expected):
    assert specifier(text) == expected
    assert specifier(specifier(text)) == specifier(text)
    SpecifierSet(expected)


@pytest.mark.parametrize("text", ["", " ", "new", "2..1", "===2.9", ">>2", "2.9 2.10", "*"])
def test_anything_else_is_no_specifier(text):
    with pytest.raises(ValueError, match="is no version and no specifier"):
        specifier(text)
