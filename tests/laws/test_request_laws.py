"""What holds for every request, however it is written."""

from __future__ import annotations

import re
import string

import msgspec
import yaml
from hypothesis import given
from hypothesis import strategies as st
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from solver.core.answer import NOT_KNOWN
from solver.core.decode import decode
from solver.core.errors import BadInput
from solver.core.model import IndexFile, Profile, Target
from solver.core.target import PLATFORMS, usable_files, wheel_tags
from solver.core.yamlfile import dotted, parse_yaml
from solver.request.keys import specifier
from solver.request.read import parse_request
from solver.request.target_words import NO_ROWS
from solver.request.text import ProfileText

names = st.text(string.ascii_lowercase + string.digits, min_size=1, max_size=6)
scalars = st.one_of(
    st.none(), st.booleans(), st.integers(-5, 5), st.floats(allow_nan=False, allow_infinity=False), st.text(max_size=8)
)
trees = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3), max_leaves=8
)
versions = st.sampled_from(["2.9.1", "2.*", ">=2.5", ">=2,<3", "!=2.10.0", "2.10.0+cu128"])
frameworks = st.sampled_from([(), ("torch",), ("tensorflow",), ("torch", "tensorflow"), ("tensorflow", "torch")])
profiles = st.fixed_dictionaries(
    {},
    optional={
        "python": st.sampled_from(["3.12", ">=3.10", "3.*", ">=3.10,<3.13"]),
        "cuda": st.sampled_from(["12.8", "13.*", ">=12.6,<13.0"]),
        "numpy": versions,
        "gpu": st.lists(st.sampled_from(["7.5", "8.0", "9.0", "10.0"]), min_size=1, max_size=4),
        "frameworks": frameworks.map(list),
        "packages": st.lists(st.sampled_from(["pandas", "onnx>=1.16", "Jupyter.Lab"]), unique=True),
        "constraints": st.dictionaries(st.sampled_from(["absl-py", "H5Py", "ml_dtypes"]), versions, max_size=2),
        "indexes": st.lists(st.sampled_from(["pytorch", "default"]), max_size=2),
        "without": st.lists(st.just("keras"), max_size=1),
    },
)


def request(**profiles: object) -> dict[str, object]:
    pip = ["torch==${torch}", "tensorflow==${tensorflow}", "keras"]
    return {"name": "x", "dependencies": ["python=${python}", {"pip": pip}], "profiles": profiles}


def read(data: object) -> tuple[Profile, ...]:
    return parse_request(parse_yaml(yaml.safe_dump(data, sort_keys=False), "environment.yml.in"), NO_ROWS).profiles


@given(tree=trees)
def test_what_is_dumped_is_read_back(tree):
    assert parse_yaml(yaml.safe_dump({"key": tree}), "f.yaml").data == {"key": tree}


@given(tree=st.dictionaries(names, trees, max_size=3))
def test_every_place_has_a_line_at_which_its_key_stands(tree):
    text = yaml.safe_dump(tree, default_flow_style=False)
    document, lines = parse_yaml(text, "f.yaml"), text.splitlines()
    for key in tree:
        line = document.line(key)
        assert line is not None
        assert key in lines[line - 1]


@given(tree=trees)
def test_whatever_is_decoded_either_fits_or_is_told_with_its_file(tree):
    document = parse_yaml(yaml.safe_dump({"a": tree}), "f.yaml")
    try:
        decode(document, dict[str, ProfileText])
    except BadInput as error:
        assert re.match(r"f\.yaml:\d+: a", str(error))


@given(first=profiles, second=profiles, data=st.data())
def test_the_order_of_keys_and_profiles_changes_nothing(first, second, data):
    one, two = read(request(a=first, b=second))
    turned = {
        "b": dict(data.draw(st.permutations(list(second.items())))),
        "a": dict(data.draw(st.permutations(list(first.items())))),
    }
    assert read(request(**turned)) == (two, one)


@given(profile=profiles)
def test_what_is_read_is_valid_and_in_its_normal_form(profile):
    [found] = read(request(a=profile))
    for text in (found.python, found.cuda, *found.constraints.values()):
        assert str(SpecifierSet(text)) == text
    assert list(found.constraints) == sorted(found.constraints)
    assert {Requirement(text).name for text in found.packages}.isdisjoint({"torch", "tensorflow"})
    assert found.indexes[0] == "default"
    assert len(set(found.indexes)) == len(found.indexes)
    assert list(found.target.gpus) == sorted(found.target.gpus, key=float)


@given(profile=profiles, chosen=frameworks)
def test_a_variant_is_a_part_of_its_parent(profile, chosen):
    wanted = [word for word in chosen if word in profile.get("frameworks", chosen)]
    whole, part = read(request(whole=profile, part={"variant-of": "whole", "frameworks": wanted}))
    assert part.variant_of == "whole"
    assert set(part.frameworks) == set(wanted) <= set(whole.frameworks)
    assert set(part.packages) <= set(whole.packages)
    assert part.constraints.items() <= whole.constraints.items()
    assert (part.target, part.python, part.cuda) == (whole.target, whole.python, whole.cuda)


@given(version=versions, spaces=st.sampled_from(["", " "]))
def test_a_specifier_is_its_own_normal_form(version, spaces):
    assert specifier(specifier(version)) == specifier(spaces + version + spaces)


targets = st.builds(
    Target,
    platform=st.sampled_from(PLATFORMS),
    python=st.sampled_from(["3.9", "3.10", "3.12", "3.13"]),
    glibc=st.integers(17, 40).map(lambda minor: f"2.{minor}"),
)
wheels = st.builds(
    "x-1-{}-{}-{}.whl".format,
    st.sampled_from(["cp39", "cp312", "py3", "py2.py3", "cp313"]),
    st.sampled_from(["none", "abi3", "cp312", "cp39", "cp313t"]),
    st.sampled_from(["any", "win_amd64", "linux_x86_64", "manylinux2014_x86_64", "manylinux_2_28_aarch64"])
    | st.integers(5, 45).map(lambda minor: f"manylinux_2_{minor}_x86_64"),
)


@given(target=targets, files=st.lists(wheels, unique=True, max_size=12), data=st.data())
def test_the_order_of_files_changes_nothing(target, files, data):
    given_files = [IndexFile(filename=name, sha256=NOT_KNOWN) for name in files]
    shuffled = data.draw(st.permutations(given_files))
    assert usable_files(given_files, target) == usable_files(shuffled, target)


@given(target=targets, files=st.lists(wheels, unique=True, max_size=12))
def test_a_newer_glibc_takes_all_that_an_older_one_takes(target, files):
    older = [IndexFile(filename=name, sha256=NOT_KNOWN) for name in files]
    newer = msgspec.structs.replace(target, glibc="2.41")
    assert set(usable_files(older, target)) <= set(usable_files(older, newer))


@given(target=targets)
def test_no_tag_stands_twice(target):
    assert len(wheel_tags(target)) == len(set(wheel_tags(target)))


@given(path=st.lists(names | st.integers(0, 9), max_size=4))
def test_a_key_path_is_written_from_left_to_right(path):
    text = dotted(path)
    for step in path:
        assert str(step) in text
        text = text[text.index(str(step)) + len(str(step)) :]
    assert text in {"", "]"}
