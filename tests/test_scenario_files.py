"""The reader of scenario files, and the page that tells people what to write into them."""

import re

import pytest
from paths import SCENARIOS
from scenario import SHAPES, AuditScenario, RequestScenario, SearchScenario, files, parse, read

README = (SCENARIOS / "README.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^## (\w+)\n(.*?)(?=^## |\Z)", README, re.M | re.S))
each_shape = pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.folder)
VALID = "claim: something\nrequest: ''\nerror: refused\n"


def test_every_folder_of_scenarios_has_a_shape_and_a_section():
    folders = {path.name for path in SCENARIOS.iterdir() if path.is_dir()}
    assert {shape.folder for shape in SHAPES} == folders == set(SECTIONS)


@each_shape
def test_the_example_of_the_readme_is_a_scenario_that_runs(shape):
    ((name, example),) = re.findall(r"^`(\S+)`\n\n```yaml\n(.*?)```$", SECTIONS[shape.folder], re.M | re.S)
    assert SCENARIOS / name in files(shape)
    assert parse(example, shape, "README.md") == read(SCENARIOS / name, shape)


@each_shape
def test_the_readme_tells_every_key_of_a_shape_and_no_other(shape):
    cells = re.findall(r"^\| (`.*?) \|", SECTIONS[shape.folder], re.M)
    keys = [key for cell in cells for key in re.findall(r"`(\w+)`", cell)]
    assert sorted(["claim", *keys]) == sorted(shape.__struct_fields__)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (VALID + "eror: refused", "Object contains unknown field `eror`"),
        (VALID.replace("claim", "# claim"), "Object missing required field `claim`"),
        (VALID.replace("something", "''"), "`claim` must say what is claimed"),
        (VALID.replace("request: ''", "request: 3"), "Expected `str`, got `int` - at `$.request`"),
        (VALID.replace("error", "# error"), "exactly one of `profiles`, `error` must be there"),
        (VALID + "profiles: []", "exactly one of `profiles`, `error` must be there"),
        (VALID + "claim: another", "line 4: the key 'claim' stands twice"),
        ("[claim]", "Expected `object`, got `array`"),
    ],
)
def test_what_is_no_scenario_is_refused_with_file_and_key(text, message):
    assert parse(VALID, RequestScenario, "request/x.yaml").error == "refused"
    with pytest.raises(ValueError) as caught:
        parse(text, RequestScenario, "request/x.yaml")
    assert str(caught.value) == f"request/x.yaml: {message}"


def test_a_key_of_a_release_that_the_audit_does_not_know_is_refused():
    text = "{claim: c, text: x==1, index: {x: [{version: '1', requires-python: '>=3'}]}, findings: []}"
    with pytest.raises(ValueError) as caught:
        parse(text, AuditScenario, "audit/x.yaml")
    assert str(caught.value) == "audit/x.yaml: Object contains unknown field `requires-python` - at `$.index[...][0]`"


def test_a_version_in_a_search_stays_a_version():
    text = "{claim: c, matrices: {}, index: {torch: {2.10: }}, live: true, ask: [], exit: 3, text: ''}"
    scenario = parse(text, SearchScenario, "search/x.yaml")
    assert (scenario.index, scenario.live, scenario.exit) == ({"torch": {"2.10": None}}, True, 3)
