"""Each file under tests/scenarios/search is one claim: rows, releases and a request, and all that is then printed.

``ask`` holds the constraints of an ad hoc request, ``profile`` (or ``profiles`` and ``lock``) what is locked.
Rows and releases are in the shorthand of tests/support/search_world.py, on top of base/cuda.yaml.
"""

from __future__ import annotations

import pytest
from paths import SCENARIOS
from search_world import BASE, World, project_of, read_shorthand, request_of

from solver.cli.show import solution_lines
from solver.commands.solve import solve_ad_hoc, solve_profile
from solver.core.errors import InterlockError
from solver.request.adhoc import ad_hoc

FILES = sorted((SCENARIOS / "search").glob("*.yaml"))
KEYS = {"claim", "matrices", "index", "live", "ask", "profile", "profiles", "pip", "lock", "exit", "text"}


def outcome(scenario, folder):
    """(exit code, what is printed) of the request."""
    world = World().add(read_shorthand(BASE)).add(scenario)
    try:
        if "ask" in scenario:
            solution = solve_ad_hoc(ad_hoc(scenario["ask"]), world.matrices(), world.index())
        else:
            profiles = scenario.get("profiles") or {"wanted": scenario["profile"]}
            project = project_of(world, request_of(profiles, folder, scenario.get("pip", ())), folder)
            solution = solve_profile(project, project.profile(scenario.get("lock", "wanted")))
    except InterlockError as error:
        return error.exit_code, str(error)
    return 0, "\n".join(solution_lines(solution))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_search_says_exactly_this(path, tmp_path):
    scenario = read_shorthand(path)
    assert set(scenario) <= KEYS
    code, text = outcome(scenario, tmp_path)
    assert text == scenario["text"].rstrip("\n")
    assert code == int(scenario.get("exit", 0))
