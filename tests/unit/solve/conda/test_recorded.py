"""Which specs no version whatever meets."""

import pytest

from solver.solve.conda.asks import CondaAsk
from solver.solve.conda.recorded import _contradicts_itself


@pytest.mark.parametrize(
    ("specs", "contradict"),
    [
        (("numpy >=2", "numpy <2"), True),
        (("numpy >=2", "numpy <2.0.1"), False),
        (("numpy >2", "numpy <2.0.1"), False),
        (("numpy >2", "numpy <=2"), True),
        (("numpy <2", "numpy <3"), False),
        (("numpy 1.*", "numpy ==1.26.4"), False),
        (("numpy 1.*", "numpy 2.*"), True),
        (("numpy !=2.0", "numpy >=2.0,<2.1"), False),
        (("numpy >=2,<2",), True),
        (("numpy >=2", "pandas <2"), False),
        (("numpy", "numpy * py312*"), False),
    ],
)
def test_specs_of_one_package_that_no_version_meets(specs, contradict):
    assert _contradicts_itself([CondaAsk(spec, "packages", (spec,)) for spec in specs]) is contradict


@pytest.mark.parametrize("key", ["python", "cuda"])
def test_asks_that_list_what_was_recorded_exclude_nothing_else(key):
    listed = CondaAsk("any", key, ("python 3.12.*|3.13.*",))
    assert not _contradicts_itself([listed, CondaAsk("python 3.14", "conda-packages", ("python 3.14.*",))])
