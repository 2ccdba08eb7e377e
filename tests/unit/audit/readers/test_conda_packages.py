"""Match specs in an environment.yml."""

from __future__ import annotations

import pytest

from solver.audit.readers import conda_packages


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ("numpy", ("numpy", None, None)),
        ("numpy=1.26", ("numpy", "1.26", None)),
        ("numpy==1.26.4", ("numpy", "1.26.4", None)),
        ("numpy 1.26.4 py312_0", ("numpy", "1.26.4", "py312_0")),
        ("conda-forge/linux-64::pytorch=2.5.1=cuda126*", ("pytorch", "2.5.1", None)),
        ("numpy[version='1.26.4',build=py312_0]", ("numpy", "1.26.4", "py312_0")),
        ("numpy >=1.26,<2", ("numpy", None, None)),
        ("numpy=1.26.*", ("numpy", None, None)),
    ],
)
def test_match_specs(spec, expected):
    package = conda_packages.from_spec(spec, 1)
    assert (package.conda, package.version, package.build) == expected
