"""Each file under tests/scenarios/predict is one claim: rows, a lock and a GPU, and all that is foretold of it."""

from __future__ import annotations

from conda_repodata import record
from scenario import PredictScenario, each, read
from search_world import BASE, World, read_shorthand

from solver.proof.predict import predict, predict_conda


def foretold(scenario):
    matrices = World().add(read_shorthand(BASE)).add({"matrices": scenario.matrices}).matrices()
    where = (scenario.gpu, scenario.driver, matrices, scenario.platform)
    if scenario.records is not None:
        return predict_conda(map(record, scenario.records), *where, scenario.python)
    return predict(scenario.packages, *where, scenario.python)


@each(PredictScenario)
def test_exactly_this_is_foretold(path):
    scenario = read(path, PredictScenario)
    prediction = foretold(scenario)
    assert "\n".join(prediction.sentences()) == scenario.text.rstrip("\n")
    assert prediction.driver_serves is scenario.serves
    assert prediction.frameworks == scenario.frameworks
    assert prediction.loaded == scenario.loaded
    assert prediction.probes == scenario.probes
    assert prediction.dies == scenario.dies
    assert prediction.others == scenario.others
    assert (prediction.broken, prediction.doubtful) == (scenario.broken, scenario.doubtful)
