"""One claim a file under tests/scenarios/conda; the whole answer is the expectation."""

import pytest
import yaml
from conda_scenarios import FILES, answer


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_scenario(path, tmp_path):
    scenario = yaml.safe_load(path.read_text())
    assert answer(scenario, tmp_path) == scenario["expect"]


def test_there_are_scenarios():
    assert FILES
