"""Requests with more in them than anybody writes: read in linear time, or refused in one sentence."""

from __future__ import annotations

import pytest
from limits import computing
from paths import DATA

from solver.core.errors import BadInput
from solver.core.yamlfile import parse_yaml
from solver.request.read import parse_request, read_request

TEMPLATE = "name: t\ndependencies:\n- python=${python}\n- pip: ['torch==${torch}']\n"


def request(text):
    with computing(10):
        return parse_request(parse_yaml(TEMPLATE + text, "e.yml.in"))


def test_many_variables_and_profiles_are_read_in_linear_time():
    variables = "".join(f"  V{number}: x\n" for number in range(20_000))
    read = request(f"variables:\n{variables}profiles: {{a: {{python: '3.12'}}}}\n")
    assert (len(read.profiles[0].variables), read.lines["variables.V19999"]) == (20_000, 20_005)
    assert len(request("profiles:\n" + "".join(f"  p{n}: {{python: '3.12'}}\n" for n in range(3000))).profiles) == 3000


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "profiles:\n" + "".join(f"  p{n}: {{variant-of: p{n + 1}}}\n" for n in range(3000)) + "  p3000: {}\n",
            "e.yml.in:56: profiles.p50.variant-of: is one of more than 50 variants of one another; name the first of "
            "them",
        ),
        (
            f"profiles: {{a: {{conda-packages: ['numpy [{'a' * 1_000_000}]']}}}}\n",
            "e.yml.in:5: profiles.a.conda-packages[0]: expected at most 1000 letters, found more",
        ),
        (
            "profiles: {a: {gpu_sharing: {intra_threads: 99999999999999999999}}}\n",
            "e.yml.in:5: profiles.a.gpu_sharing.intra_threads: expected a whole number from 1 to 2147483647, found "
            "99999999999999999999",
        ),
        (
            "profiles: {a: {packages: ['six; os_name ~= \"1\"']}}\n",
            "e.yml.in:5: profiles.a.packages[0]: the marker 'os_name ~= \"1\"' compares what has no order, or is not "
            "known here; compare versions with versions",
        ),
    ],
    ids=["variants", "letters", "threads", "marker"],
)
def test_what_nobody_writes_is_refused(text, sentence):
    with pytest.raises(BadInput) as caught:
        request(text)
    assert str(caught.value) == sentence


def test_mappings_merged_into_one_another_are_not_walked_again_and_again():
    path = DATA / "broken" / "merge-bomb.environment.yml.in"
    with computing(5), pytest.raises(BadInput) as caught:
        read_request(path)
    assert str(caught.value) == (
        f"{path}:1: a0: is not a key known here; the keys are channels, dependencies, gpu_sharing, indexes, name, "
        "profiles, variables"
    )
