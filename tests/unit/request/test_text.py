"""The schema of a request, and the keys that are documented."""

from __future__ import annotations

import json

import jsonschema
import pytest
import yaml
from paths import ROOT, SCENARIOS
from scenario import RequestScenario, files, read

from solver.core.model import GpuSharing, Image
from solver.core.yamlfile import parse_yaml
from solver.matrix.load import Matrices
from solver.matrix.rows import GpuModels
from solver.request.read import parse_request
from solver.request.text import ProfileText, RequestText, schema, schema_path, write_schema

SHIPPED = ROOT / "environment.yml.in"


def test_the_shipped_schema_is_the_generated_one():
    assert schema_path().read_text(encoding="utf-8") == schema()


def test_the_schema_is_written_whole(tmp_path):
    path = tmp_path / "request.schema.json"
    path.write_text("old")
    write_schema(path)
    assert path.read_text(encoding="utf-8") == schema()
    assert list(tmp_path.iterdir()) == [path]


@pytest.fixture(scope="module")
def validator() -> jsonschema.Draft202012Validator:
    jsonschema.Draft202012Validator.check_schema(json.loads(schema()))
    return jsonschema.Draft202012Validator(json.loads(schema()))


def load(text: str) -> object:
    """As an editor reads it: YAML 1.1 differs in nothing that the requests use."""
    return yaml.safe_load(text)


def test_the_shipped_request_passes_the_schema(validator):
    validator.validate(load(SHIPPED.read_text(encoding="utf-8")))


@pytest.mark.parametrize(
    "path",
    [path for path in files(RequestScenario) if read(path, RequestScenario).error is None],
    ids=lambda path: path.stem,
)
def test_the_schema_takes_every_request_that_is_read(path, validator):
    validator.validate(load(read(path, RequestScenario).request))


@pytest.mark.parametrize(
    "name",
    [
        *("float-version", "null-key", "list-as-word", "number-in-list", "variable-not-a-string", "no-channel"),
        *("unknown-key", "unknown-top-key", "unknown-index", "unknown-framework", "unknown-flavour"),
        *("no-profiles", "bad-platform", "sharing-unknown", "second-kind-of-block"),
    ],
)
def test_the_schema_refuses_what_has_the_wrong_form(name, validator):
    scenario = read(SCENARIOS / "request" / f"{name}.yaml", RequestScenario)
    assert not validator.is_valid(load(scenario.request))


DOCS = (ROOT / "docs" / "request.md").read_text(encoding="utf-8")


def test_the_documented_example_is_read(validator):
    example = DOCS.split("```yaml\n")[1].split("```")[0]
    hopper = GpuModels(id="hopper", source="test", gpu="9.0", architecture="Hopper", products=("H100",))
    request = parse_request(parse_yaml(example, "environment.yml.in"), Matrices(gpus=(hopper,)))
    assert [profile.target.gpus for profile in request.profiles] == [("8.0", "9.0"), ()]
    validator.validate(load(example))


@pytest.mark.parametrize("block", [ProfileText, RequestText, GpuSharing, Image], ids=lambda block: block.__name__)
def test_every_key_is_documented(block):
    assert [key for key in block.__struct_encode_fields__ if f"`{key}" not in DOCS] == []
