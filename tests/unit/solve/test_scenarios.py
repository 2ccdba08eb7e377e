"""Each file under tests/scenarios/search is one claim: rows, releases and a request, and all that is then printed."""

from __future__ import annotations

from scenario import SearchScenario, each, read
from search_world import BASE, World, project_of, read_shorthand, request_of

from solver.cli.show import solution_lines
from solver.commands.solve import solve_ad_hoc, solve_profile
from solver.core.errors import InterlockError
from solver.request.adhoc import ad_hoc


def outcome(scenario, folder):
    """(exit code, what is printed) of the request."""
    world = World().add(read_shorthand(BASE))
    world.add({"matrices": scenario.matrices, "index": scenario.index, "live": scenario.live, "whole": scenario.whole})
    try:
        if scenario.ask is not None:
            solution = solve_ad_hoc(ad_hoc(scenario.ask, world.matrices()), world.matrices(), world.index())
        else:
            profiles = scenario.profiles or {"wanted": scenario.profile}
            project = project_of(world, request_of(profiles, folder, matrices=world.matrices()), folder)
            solution = solve_profile(project, project.profile(scenario.lock))
    except InterlockError as error:
        return error.exit_code, str(error)
    return 0, "\n".join(solution_lines(solution))


@each(SearchScenario)
def test_the_search_says_exactly_this(path, tmp_path):
    scenario = read(path, SearchScenario)
    code, text = outcome(scenario, tmp_path)
    assert text == scenario.text.rstrip("\n")
    assert code == scenario.exit
