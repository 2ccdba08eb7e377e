"""The table of package indexes: whose a file is, and of which a missing wheel proves nothing."""

from __future__ import annotations

import pytest

from solver.core.indexes import INDEXES, index_of, is_partial


@pytest.mark.parametrize(
    ("url", "index"),
    [
        ("https://download.pytorch.org/whl/cu128/torch-2.10.0-cp312-cp312-linux_x86_64.whl", "pytorch"),
        ("https://pytorch.org/torch-2.10.0-cp312-cp312-linux_x86_64.whl", "pytorch"),
        ("https://notpytorch.org/torch-2.10.0-cp312-cp312-linux_x86_64.whl", None),
        ("https://pytorch.org.example/torch-2.10.0-cp312-cp312-linux_x86_64.whl", None),
    ],
)
def test_a_file_belongs_to_the_index_on_whose_domain_it_lies(url: str, index: str | None) -> None:
    assert index_of(url) == index


def test_a_missing_wheel_is_denied_by_the_default_index_alone() -> None:
    assert {name: is_partial(name) for name in INDEXES} == {"default": False, "pytorch": True}
