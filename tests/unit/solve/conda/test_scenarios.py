"""One claim a file under tests/scenarios/conda; the whole answer is the expectation."""

from conda_scenarios import answer
from scenario import CondaScenario, each, read


@each(CondaScenario)
def test_scenario(path, tmp_path):
    scenario = read(path, CondaScenario)
    assert answer(scenario, tmp_path) == scenario.expect
