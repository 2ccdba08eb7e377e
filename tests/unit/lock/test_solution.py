"""solution.yaml: what was chosen and why, with a digest of every fact that was used."""

from __future__ import annotations

import hashlib

import msgspec
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from solver.core.model import Because, Finding, Note, Profile, Solution, Target
from solver.lock.solution import digest, installable_digest, request_digest, solution_yaml

BECAUSE = Because(package="numpy", version="2.0.2", row=None, source="numpy<2.1 (a rule)", asked_by="tensorflow")
NOTE = Note(package="nvidia-nccl-cu12", text="below the extra", row="tensorflow-2.21.0", evidence=None)
SOLUTION = Solution(
    profile="full",
    target=Target(),
    axes={"python": "3.10", "cuda": "12.8", "numpy": "2.0.2", "tensorflow": None},
    pins=(),
    because=(BECAUSE,),
    notes=(NOTE,),
    missing=(),
)
FINDING = Finding(code="driver", severity="warning", packages=("a==1",), why="why", source="s", cure="c")
PARTS = {
    "lock_digest": "0" * 64,
    "rows": {"b": "2", "a": "1"},
    "index_facts": {"numpy==2.0.2": "4", "absl-py==1": "3"},
    "command": "interlock lock full",
    "findings": [FINDING],
}


def test_the_whole_file():
    text = solution_yaml(SOLUTION, Profile(name="full"), **PARTS)
    assert text.splitlines()[0] == "# Made by `interlock lock full`; do not edit."
    document = yaml.safe_load(text)
    assert list(document) == [
        "version", "profile", "flavour", "request", "lock", "whole", "target", "solution", "because",
        "variables", "notes", "warnings", "rows", "index",
    ]  # fmt: skip
    assert document["version"] == 1
    assert document["solution"] == {"python": "3.10", "cuda": "12.8", "numpy": "2.0.2", "tensorflow": None}
    assert document["because"] == [
        {"package": "numpy", "version": "2.0.2", "source": "numpy<2.1 (a rule)", "asked_by": "tensorflow"}
    ]
    assert document["variables"] == {"TF_FORCE_GPU_ALLOW_GROWTH": "true"}
    assert document["notes"][0]["evidence"] is None
    assert document["warnings"] == [{"code": "driver", "packages": ["a==1"], "why": "why"}]
    assert (list(document["rows"]), list(document["index"])) == (["a", "b"], ["absl-py==1", "numpy==2.0.2"])


def test_versions_stay_strings():
    assert "'3.10'" in solution_yaml(SOLUTION, Profile(name="full"), **PARTS)


def test_it_holds_no_time_and_no_anchor():
    twice = msgspec.structs.replace(SOLUTION, because=(BECAUSE, BECAUSE))
    text = solution_yaml(twice, Profile(name="full"), **PARTS)
    assert "&id" not in text and "*id" not in text
    assert text == solution_yaml(twice, Profile(name="full"), **PARTS)


def test_what_was_asked_for_has_one_digest_whatever_the_order():
    one = Profile(name="x", packages=("a", "b"), conda_packages=("c", "d"), constraints={"e": "1", "f": "2"})
    other = Profile(name="x", packages=("b", "a"), conda_packages=("d", "c"), constraints={"f": "2", "e": "1"})
    assert request_digest(one) == request_digest(other)
    assert request_digest(one) != request_digest(msgspec.structs.replace(one, packages=("a",)))
    assert request_digest(one) != request_digest(msgspec.structs.replace(one, channels=("b", "a")))


names = st.sampled_from(
    ["requirements.txt", "environment.yml", "wheels/a.whl", "solution.yaml", "evidence/x.json", "pylock.toml"]
)


@given(st.dictionaries(names, st.binary(max_size=8)), st.randoms(use_true_random=False))
def test_the_digest_of_a_lock_is_that_of_its_installable_files(files, random):
    turned = list(files.items())
    random.shuffle(turned)
    installable = {
        k: v for k, v in files.items() if k not in ("solution.yaml", "pylock.toml") and not k.startswith("evidence/")
    }
    assert installable_digest(dict(turned)) == installable_digest(installable)
    for name in installable:
        assert installable_digest({**files, name: files[name] + b"x"}) != installable_digest(files)


def test_a_digest_is_sha256_over_sorted_json():
    assert digest({"b": 1, "a": [None]}) == hashlib.sha256(b'{"a":[null],"b":1}').hexdigest()


@pytest.mark.parametrize("value", ["", None])
def test_what_nobody_said_is_left_out_of_a_reason(value):
    bare = msgspec.structs.replace(BECAUSE, asked_by=value or "")
    document = yaml.safe_load(
        solution_yaml(msgspec.structs.replace(SOLUTION, because=(bare,)), Profile(name="x"), **PARTS)
    )
    assert "asked_by" not in document["because"][0]
    assert "row" not in document["because"][0]
