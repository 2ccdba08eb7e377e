"""The words of the project as values: frozen, strict, and named in one place."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from solver.core import model
from solver.core.answer import NOT_KNOWN
from solver.core.model import IndexFile, Pin, Profile, Release, Solution, Target, conda_name, pypi_name

VALUES = [kind for kind in vars(model).values() if isinstance(kind, type) and issubclass(kind, model.Value)]


@pytest.mark.parametrize(
    ("text", "name"),
    [("PyYAML", "pyyaml"), ("ruamel.yaml", "ruamel-yaml"), ("typing__extensions", "typing-extensions")],
)
def test_a_pypi_name_is_normalized(text, name):
    assert pypi_name(text) == name


@given(st.from_regex(r"\A[A-Za-z0-9][A-Za-z0-9._-]{0,20}[A-Za-z0-9]\Z"))
def test_normalizing_twice_changes_nothing(text):
    assert pypi_name(pypi_name(text)) == pypi_name(text)


@pytest.mark.parametrize("text", ["libgcc", "_libgcc_mutex", "font-ttf-dejavu-sans-mono", "ruamel.yaml", "  Python "])
def test_a_conda_name_is_lower_case(text):
    assert conda_name(text) == text.strip().lower()


@pytest.mark.parametrize("text", ["", "numpy >=2", "a b", "-x", "numpy=2"])
def test_what_conda_would_refuse_is_refused(text):
    with pytest.raises(ValueError, match="is no conda package name"):
        conda_name(text)


@pytest.mark.parametrize("kind", VALUES)
def test_every_value_is_frozen_and_knows_no_other_field(kind):
    config = kind.__struct_config__
    assert config.frozen
    assert config.forbid_unknown_fields


def test_a_value_cannot_be_changed():
    with pytest.raises(AttributeError, match="immutable"):
        Target().python = "3.11"


def test_the_target_that_the_documents_promise():
    assert Target() == Target(platform="linux-64", python="3.12", glibc="2.28", driver="525.60.13", gpus=())


def test_a_profile_takes_files_of_the_default_index_only():
    assert Profile(name="x").indexes == ("default",)
    assert Profile(name="x").prefer == "torch"


def test_a_solution_with_something_unread_is_not_lockable():
    pin = Pin(name=pypi_name("a"), version="1", index="default", files=(), requires=NOT_KNOWN, asked_by=())
    parts = {"profile": "x", "target": Target(), "axes": {}, "pins": (pin,), "because": (), "notes": ()}
    assert Solution(**parts, missing=()).lockable
    assert not Solution(**parts, missing=("the requirements of a 1",)).lockable


def test_values_go_through_json_unchanged():
    release = Release(version="1", files=(IndexFile(filename="a-1-py3-none-any.whl"),), requires=("b",))
    assert msgspec.json.decode(msgspec.json.encode(release), type=Release) == release


def test_an_unknown_field_is_refused():
    with pytest.raises(msgspec.ValidationError, match="unknown field `colour`"):
        msgspec.convert({"name": "x", "colour": "red"}, Profile)
