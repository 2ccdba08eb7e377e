"""The shipped request, its schema, and what scenarios cannot show."""

from __future__ import annotations

import json

import jsonschema
import pytest
import yaml
from packaging.specifiers import SpecifierSet
from paths import ROOT, SCENARIOS
from scenario import RequestScenario, each, read

from solver.core.model import GpuSharing, Image, Profile
from solver.core.yamlfile import parse_yaml
from solver.matrix.rows import GpuModels
from solver.request.profile import specifier
from solver.request.read import parse_request, read_request
from solver.request.text import ProfileText, RequestText, schema, schema_path, write_schema

SHIPPED = ROOT / "environment.yml.in"


@pytest.fixture(scope="module")
def profiles() -> dict[str, Profile]:
    return {profile.name: profile for profile in read_request(SHIPPED, ()).profiles}


def test_the_shipped_profiles(profiles):
    full = [f"full-py3{minor}" for minor in (10, 11, 12, 13)]
    conda = [f"full-py3{minor}-conda" for minor in (10, 11, 12)]
    kinds = [f"full-py312-{kind}" for kind in ("ds", "interop", "cpu", "pytorch", "base", "tf", "torch")]
    stacks = ["tf2.10-cu117", "tf2.10-cu117-conda", "tf2.10-cu117-win", "tf2.9-cu113"]
    assert sorted(profiles) == sorted([*full, *conda, *kinds, *stacks, "tf-latest", "torch-latest"])


def test_a_full_profile_holds_both_frameworks_and_their_companions(profiles):
    profile = profiles["full-py312"]
    assert profile.frameworks == ("tensorflow", "torch")
    assert profile.packages == ("torchvision", "torchaudio", "keras", "tensorboard")
    assert (profile.target.python, profile.indexes, profile.flavour) == ("3.12", ("default",), "pip-in-conda")


def test_only_three_kinds_of_profile_leave_the_default_index(profiles):
    assert {name for name, profile in profiles.items() if profile.indexes != ("default",)} == {
        "full-py312-cpu",
        "full-py312-pytorch",
        "tf2.10-cu117-win",
        "tf2.9-cu113",
    }


def test_a_stack_keeps_its_pins_as_published(profiles):
    assert profiles["tf2.10-cu117"].stack["protobuf"] == "3.20.3"
    assert "protobuf" not in profiles["tf2.10-cu117"].constraints
    assert profiles["tf2.9-cu113"].constraints["torch"] == "==1.12.1+cu113"
    assert profiles["tf2.10-cu117-win"].target.platform == "win-64"


def test_every_line_of_the_shipped_request_can_be_named():
    request = read_request(SHIPPED, ())
    lines = SHIPPED.read_text(encoding="utf-8").splitlines()
    assert lines[request.lines["profiles.full-py312-ds"] - 1] == "  full-py312-ds:"
    assert lines[request.lines["profiles.torch-latest.cuda"] - 1] == '    cuda: "13.*"'
    assert lines[request.lines["dependencies[2].pip[0]"] - 1] == "      - torch==${torch}"
    assert request.file == str(SHIPPED)


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


@each(RequestScenario)
def test_the_schema_takes_every_request_that_is_read(path, validator):
    scenario = read(path, RequestScenario)
    if scenario.error is None:
        validator.validate(load(scenario.request))


@pytest.mark.parametrize(
    "name",
    [
        *("float-version", "null-key", "list-as-word", "number-in-list", "variable-not-a-string", "no-channel"),
        *("unknown-key", "unknown-top-key", "unknown-index", "unknown-framework", "unknown-flavour"),
        *("no-name", "no-profiles", "bad-platform", "sharing-unknown", "second-kind-of-block"),
    ],
)
def test_the_schema_refuses_what_has_the_wrong_form(name, validator):
    scenario = read(SCENARIOS / "request" / f"{name}.yaml", RequestScenario)
    assert not validator.is_valid(load(scenario.request))


@pytest.mark.parametrize(
    ("text", "expected"),
    [("2.10.1", "==2.10.1"), (" 2.* ", "==2.*"), ("1.13.0+cu117", "==1.13.0+cu117"), (">=2,<3", "<3,>=2")],
)
def test_a_bare_version_is_that_version(text, expected):
    assert specifier(text) == expected
    assert specifier(specifier(text)) == specifier(text)
    SpecifierSet(expected)


@pytest.mark.parametrize("text", ["", " ", "new", "2..1", "===2.9", ">>2", "2.9 2.10", "*"])
def test_anything_else_is_no_specifier(text):
    with pytest.raises(ValueError, match="is no version and no specifier"):
        specifier(text)


def test_product_names_are_looked_up_in_the_shipped_matrix_only_where_one_is_used(tmp_path, monkeypatch):
    def refuse() -> None:
        raise AssertionError("the matrices were read")

    monkeypatch.setattr("solver.request.read.load_matrices", refuse)
    file = tmp_path / "environment.yml.in"
    text = "name: x\ndependencies: [pip: ['torch==${torch}']]\nprofiles: {a: {gpu: '9.0'}}\n"
    file.write_text(text)
    assert read_request(file).profiles[0].target.gpus == ("9.0",)
    file.write_text(text.replace("'9.0'", "H100"))
    with pytest.raises(AssertionError, match="the matrices were read"):
        read_request(file)


DOCS = (ROOT / "docs" / "request.md").read_text(encoding="utf-8")


def test_the_documented_example_is_read(validator):
    example = DOCS.split("```yaml\n")[1].split("```")[0]
    hopper = GpuModels(id="hopper", source="test", gpu="9.0", architecture="Hopper", products=("H100",))
    request = parse_request(parse_yaml(example, "environment.yml.in"), (hopper,))
    assert [profile.target.gpus for profile in request.profiles] == [("8.0", "9.0"), ()]
    validator.validate(load(example))


@pytest.mark.parametrize("block", [ProfileText, RequestText, GpuSharing, Image], ids=lambda block: block.__name__)
def test_every_key_is_documented(block):
    assert [key for key in block.__struct_encode_fields__ if f"`{key}" not in DOCS] == []
