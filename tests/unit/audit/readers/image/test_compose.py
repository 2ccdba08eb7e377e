"""The services of a compose file."""

import pytest

from solver.audit.inputs import read_sets
from solver.audit.readers.parts import Choice
from solver.core.errors import BadInput


@pytest.fixture
def read(tmp_path):
    def sets(text):
        (tmp_path / "compose.yaml").write_text(text)
        return {one.part: one for one in read_sets(tmp_path / "compose.yaml")}

    return sets


def pins(package_set):
    return [package.pin for package in package_set.packages]


def test_each_service_is_a_set(read, tmp_path):
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "Dockerfile").write_text("FROM x\nCOPY r.txt /\nRUN pip install -r /r.txt\n")
    (tmp_path / "one" / "r.txt").write_text("a==1\n")
    sets = read(
        "services:\n  one:\n    build: ./one\n  two:\n    image: own/image:2\n    environment: {LD_LIBRARY_PATH: /a}\n"
        "  three:\n    build:\n      dockerfile_inline: |\n        FROM y\n        RUN pip install c==3\n"
    )
    assert {part: (pins(one), one.base.image) for part, one in sets.items()} == {
        "service one": (["a==1"], "x"),
        "service two": ([], "own/image:2"),
        "service three": (["c==3"], "y"),
    }
    assert sets["service two"].variables == (("LD_LIBRARY_PATH", "/a"),)


TWO = "services: {one: {image: x}, two: {build: .}, three: {command: y}}\n"


def choosing(tmp_path, *services):
    (tmp_path / "compose.yaml").write_text(TWO)
    (tmp_path / "Dockerfile").write_text("FROM y\nRUN pip install a==1\n")
    return read_sets(tmp_path / "compose.yaml", choice=Choice(services=services))


def test_a_service_can_be_chosen_and_the_others_are_not_looked_at(tmp_path):
    assert [one.part for one in choosing(tmp_path)] == ["service one", "service two"]
    assert [(one.part, pins(one)) for one in choosing(tmp_path, "two")] == [("service two", ["a==1"])]


@pytest.mark.parametrize(
    ("service", "told"),
    [
        ("four", "--service: the compose file has no service 'four'; it has one, two, three"),
        ("three", "services: of three nothing tells an image: expected build or image"),
    ],
)
def test_a_service_that_is_none_cannot_be_chosen(service, told, tmp_path):
    with pytest.raises(BadInput) as caught:
        choosing(tmp_path, service)
    assert str(caught.value) == f"{tmp_path / 'compose.yaml'}: {told}"


@pytest.mark.parametrize("args", ["{V: 2.1}", "[V=2.1]"])
def test_arguments_and_the_target_are_those_of_the_service(args, read, tmp_path):
    (tmp_path / "own.Dockerfile").write_text(
        "FROM x AS a\nARG V=1\nRUN pip install a==$V\nFROM a AS b\nRUN pip install b\n"
    )
    sets = read(f"services:\n  one:\n    build: {{dockerfile: own.Dockerfile, target: a, args: {args}}}\n")
    assert {part: pins(one) for part, one in sets.items()} == {"service one": ["a==2.1"]}


@pytest.mark.parametrize(
    ("build", "unbuilt"),
    [
        (
            "https://example.com/own.git",
            "is built in 'https://example.com/own.git', which is no folder of this machine",
        ),
        ("./$GONE", "is built in './$GONE', which is no folder of this machine"),
        ("./gone", "is built from gone/Dockerfile, which is not there"),
        ("{dockerfile: own}", "is built from own, which is not there"),
    ],
)
def test_a_service_whose_build_is_elsewhere_is_told_beside_the_others(build, unbuilt, read, tmp_path):
    sets = read(f"services:\n  a:\n    build: {build}\n  b:\n    image: x\n")
    assert {part: (one.base.image, one.base.unbuilt.replace(f"{tmp_path}/", "")) for part, one in sets.items()} == {
        "service a": ("a", f"the service a {unbuilt}"),
        "service b": ("x", ""),
    }


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("services: {a: {command: x}}\n", "compose.yaml: services: has no service with build or image"),
        (
            "services:\n  a:\n    build: {dockerfile_inline: 'FROM x', target: y}\n",
            "compose.yaml: has no stage 'y'; name one of 0",
        ),
    ],
)
def test_what_cannot_be_read_is_told_with_its_place(text, told, read, tmp_path):
    with pytest.raises(BadInput) as caught:
        read(text)
    assert str(caught.value).replace(f"{tmp_path}/", "") == told
