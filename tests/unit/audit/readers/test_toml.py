"""Locks that are no TOML."""

from __future__ import annotations

import pytest
from reading import read

from solver.core.errors import BadInput


def test_a_toml_that_is_none_is_named_with_its_line(tmp_path):
    with pytest.raises(BadInput) as caught:
        read('[[package]]\nname = "a"\nname = "b"\n', tmp_path)
    assert str(caught.value) == ("a.file:3: expected TOML, but Cannot overwrite a value")
