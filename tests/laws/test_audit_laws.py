"""Laws of the audit, over random sets of packages that its rows speak of."""

from __future__ import annotations

from pathlib import Path

import pytest
from audit_stubs import StubIndex, pinned, small_matrices, without
from drawing import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from scenario import AuditScenario, files, read

from solver.audit.inputs import read_given
from solver.audit.installed import findings_as_installed
from solver.audit.package_set import Package
from solver.audit.run import audit, context_of
from solver.core.model import SEVERITIES, Target, conda_name, pypi_name
from solver.matrix.load import FILES, load_matrices
from solver.matrix.rows import (
    CustomOps,
    DriverBranch,
    ImportName,
    InteropPackages,
    PtxVersion,
    SystemPython,
    Verified,
)
from solver.request.target_words import parse_target

VERSIONS = {
    "tensorflow": ["2.10.1", "2.13.1", "2.19.1", "2.20.0", "2.21.0", "9.9.9"],
    "tensorflow-cpu": ["2.20.0"],
    "torch": ["1.13.0", "2.2.2", "2.9.1", "2.10.0", "2.15.0", "2.10.0+cpu", "2.10.0+cu126"],
    "triton": ["3.6.0", "3.9.0"],
    "numpy": ["1.26.4", "2.2.6"],
    "protobuf": ["3.19.6", "5.28.0", "6.33.0"],
    "tensorboard": ["2.20.0", "2.21.0"],
    "nvidia-cudnn-cu11": ["8.9.6.50"],
    "nvidia-cudnn-cu12": ["9.1.0.70", "9.28.0.42"],
    "nvidia-cudnn-cu13": ["9.26.0.51"],
    "nvidia-cusolver-cu12": ["11.7.3.90"],
    "nvidia-cusparse-cu12": ["12.5.8.93"],
    "nvidia-cusparse": ["12.7.10.12"],
    "nvidia-cuda-runtime-cu12": ["12.6.77", "12.9.79"],
    "nvidia-cuda-nvcc-cu12": ["12.9.86"],
    "interlock-loader": ["1"],
}
PINS = [f"{name}=={version}" for name, versions in VERSIONS.items() for version in versions]
sets = st.lists(st.sampled_from(PINS), min_size=1, max_size=10, unique_by=lambda pin: pin.partition("==")[0])
targets = st.one_of(
    st.none(),
    st.builds(
        Target,
        platform=st.sampled_from(["linux-64", "win-64"]),
        python=st.sampled_from(["3.10", "3.12", "3.13"]),
        driver=st.sampled_from([None, "450.80.02", "525.60.13", "560.35.05", "580.65.06"]),
        gpus=st.sampled_from([(), ("7.0",), ("9.0",), ("12.0",)]),
    ),
)


def find(pins, target):
    return audit(pinned(*pins), small_matrices(), StubIndex(), target)


@settings(deadline=None, max_examples=examples(60))
@given(sets, targets, st.randoms())
def test_the_order_of_the_list_changes_nothing(pins, target, random):
    shuffled = list(pins)
    random.shuffle(shuffled)
    assert find(shuffled, target) == find(pins, target)


@settings(deadline=None, max_examples=examples(60))
@given(sets, targets)
def test_the_gravest_come_first_and_nothing_is_told_twice(pins, target):
    found = find(pins, target)
    severities = [SEVERITIES.index(finding.severity) for finding in found]
    assert severities == sorted(severities)
    assert len(set(found)) == len(found)
    assert all(finding.why and finding.source and finding.cure and finding.packages for finding in found)


@settings(deadline=None, max_examples=examples(60))
@given(sets, targets)
def test_every_package_that_is_named_is_in_the_set(pins, target):
    for finding in find(pins, target):
        assert set(finding.packages) <= set(pins)
        assert finding.names == tuple(pin.partition("==")[0] for pin in finding.packages)


@settings(deadline=None, max_examples=examples(60))
@given(sets, targets)
def test_a_package_that_no_fact_speaks_of_changes_nothing(pins, target):
    assert find([*pins, "a-package-of-mine==1.0"], target) == find(pins, target)


@settings(deadline=None, max_examples=examples(60))
@given(sets, targets, st.data())
def test_taking_a_package_out_breaks_nothing_that_needs_two(pins, target, data):
    """Errors of these codes are between packages, so a smaller set has no new ones."""
    between = {"clobber", "crash-together", "numpy-abi", "protobuf-runtime", "leftover"}
    gone = data.draw(st.sampled_from(pins))
    fewer = [pin for pin in pins if pin != gone]
    if fewer and target is not None:
        before = {finding for finding in find(pins, target) if finding.code in between}
        assert {(f.code, f.packages) for f in find(fewer, target) if f.code in between} <= {
            (f.code, f.packages) for f in before
        }


@settings(deadline=None, max_examples=examples(40))
@given(sets, st.sampled_from(["525.60.13", "560.35.05", "580.65.06"]))
def test_a_newer_driver_never_adds_a_finding(pins, driver):
    older = find(pins, Target(python="3.12", driver="450.80.02", gpus=("9.0",)))
    newer = find(pins, Target(python="3.12", driver=driver, gpus=("9.0",)))
    assert {(f.code, f.packages) for f in newer} <= {(f.code, f.packages) for f in older}


@settings(deadline=None, max_examples=examples(40))
@given(sets, targets)
def test_a_requirements_file_says_the_same_as_the_set(pins, target):
    read = read_given("\n".join(pins) + "\n", "requirements.txt", Path(), target)
    assert [package.pin for package in read.packages] == pins
    # A cure names the line and the tool.
    told = [replace(one, cure="") for one in audit(read, small_matrices(), StubIndex(), target)]
    assert sorted(told, key=repr) == sorted((replace(one, cure="") for one in find(pins, target)), key=repr)


names = st.from_regex(r"[a-z]([a-z0-9-]{0,8}[a-z0-9])?", fullmatch=True).map(lambda name: f"unheard-of-{name}")
gpu_packages = st.one_of(
    st.sampled_from(["xformers==0.0.30", "cupy-cuda11x==13.3.0", "tf-nightly==2.21.0.dev1"]),
    names.map(lambda name: f"{name}-cu12==1.0"),
    names.map(lambda name: f"nvidia-{name}==1.0"),
)


@settings(deadline=None, max_examples=examples(60))
@given(sets, targets, gpu_packages)
def test_a_gpu_package_that_nobody_knows_is_told_and_silences_nothing(pins, target, gpu_package):
    before, after = find(pins, target), find([*pins, gpu_package], target)
    assert {one for one in before if one.code != "unknown"} <= set(after)
    assert {one.code for one in before} <= {one.code for one in after}
    assert [one.packages for one in after if gpu_package in one.packages] == [(gpu_package,)]


@settings(deadline=None, max_examples=examples(60))
@given(sets, targets, names)
def test_a_package_that_nobody_knows_leaves_every_finding(pins, target, name):
    assert find([*pins, f"{name}==1.0"], target) == find(pins, target)


SMALL = small_matrices()
FACTS = tuple(row for row in SMALL.rows() if row not in SMALL.rules)


@settings(deadline=None, max_examples=examples(150))
@given(sets, targets, st.sampled_from(FACTS))
def test_without_a_fact_nothing_becomes_an_error(pins, target, row):
    def errors(matrices):
        found = audit(pinned(*pins), matrices, StubIndex(), target)
        return {(one.code, one.packages) for one in found if one.severity == "error"}

    assert errors(without(SMALL, row)) <= errors(SMALL)


# A trap is like a rule: it is what was found, and of what nobody found nothing is said.
TELLING = tuple(row for row in FACTS if row not in SMALL.conda_traps)


@settings(deadline=None, max_examples=examples(150))
@given(sets, targets, st.sampled_from(TELLING))
def test_without_a_fact_nobody_is_told_that_nothing_was_found(pins, target, row):
    """What was told is then told as not known, or by another finding: one of its packages still has one."""
    before = [one for one in find(pins, target) if one.severity != "note"]
    after = audit(pinned(*pins), without(SMALL, row), StubIndex(), target)
    told = {pin for one in after for pin in one.packages}
    assert [one for one in before if not told & set(one.packages)] == []


# What drawing seldom finds: each row beside old and new libraries, another framework, and GPUs on either side.
DENSE = (
    ["tensorflow==2.21.0", "torch==2.15.0", "nvidia-cudnn-cu12==9.1.0.70", "nvidia-cuda-nvcc-cu12==12.9.86"],
    ["tensorflow==2.20.0", "torch==2.10.0+cu126", "nvidia-cudnn-cu12==9.28.0.42", "triton==3.9.0"],
    ["tensorflow==2.13.1", "torch==2.10.0", "nvidia-cudnn-cu12==9.28.0.42", "nvidia-cuda-runtime-cu12==12.6.77"],
    ["tensorflow==2.10.1", "torch==1.13.0", "nvidia-cudnn-cu11==8.9.6.50", "numpy==2.2.6"],
    ["nvidia-cuda-nvcc-cu12==12.9.86", "nvidia-cuda-runtime-cu12==12.6.77", "torch==2.10.0+cu126"],
    ["tensorflow-cpu==2.20.0", "torch==2.9.1", "nvidia-cusparse-cu12==12.5.8.93", "nvidia-cusparse==12.7.10.12"],
    ["tensorflow==2.19.1", "torch==2.10.0+cpu", "nvidia-cudnn-cu13==9.26.0.51", "protobuf==3.19.6"],
)
PLACES = tuple(
    Target(python="3.12", driver=driver, gpus=(gpu,))
    for driver, gpu in (("450.80.02", "12.0"), ("560.35.05", "9.0"), ("580.65.06", "7.0"), ("580.65.06", "9.0"))
)


@pytest.mark.parametrize("pins", DENSE, ids=" ".join)
def test_without_any_one_fact_nothing_becomes_an_error_and_no_finding_becomes_silence(pins):
    for target in PLACES:
        before = find(pins, target)
        grave = [one for one in before if one.severity != "note"]
        for row in FACTS:
            after = audit(pinned(*pins), without(SMALL, row), StubIndex(), target)
            errors = {(one.code, one.packages) for one in after if one.severity == "error"}
            assert errors <= {(one.code, one.packages) for one in before if one.severity == "error"}, row
            told = {pin for one in after for pin in one.packages}
            assert row not in TELLING or [one for one in grave if not told & set(one.packages)] == [], row


def _releases_of_conda():
    """The rows of each release together: they say which builds it has."""
    by_release = {}
    for row in SMALL.conda_builds:
        by_release.setdefault((row.package, row.version, row.platform), []).append(row)
    return [tuple(rows) for rows in by_release.values()]


OF_CONDA_AND_IMAGES = (*_releases_of_conda(), *((row,) for row in (*SMALL.images, *SMALL.names)))
OTHER_FORMATS = tuple(
    scenario
    for path in files(AuditScenario)
    if (scenario := read(path, AuditScenario)).file != "requirements.txt" and not scenario.rules + scenario.builds
)


@pytest.mark.parametrize("rows", OF_CONDA_AND_IMAGES, ids=lambda rows: rows[0].id)
def test_without_a_fact_about_conda_or_an_image_nothing_becomes_an_error_and_no_finding_becomes_silence(rows):
    for scenario in OTHER_FORMATS:
        before, after = (_of_scenario(scenario, matrices) for matrices in (SMALL, without(SMALL, *rows)))
        errors = [{(one.code, one.packages) for one in found if one.severity == "error"} for found in (before, after)]
        assert errors[1] <= errors[0], scenario.claim
        told = {pin for one in after for pin in one.packages} | {"*" for one in after if one.code == "unknown"}
        grave = [one for one in before if one.severity != "note"]
        assert [one for one in grave if not told & {*one.packages, "*"}] == [], scenario.claim


def _of_scenario(scenario, matrices):
    target = None if scenario.target is None else parse_target(scenario.target)
    read_set = read_given(scenario.text, scenario.file, Path(), target, matrices)
    return audit(read_set, matrices, StubIndex(scenario.index), target, scenario.environ)


UNHEARD = (
    Package(name=pypi_name("unheard-of"), version="1.0"),
    Package(name=pypi_name("unheard-of"), version="1.0", conda=conda_name("unheard-of"), origin="conda", build="h_0"),
    Package(name=pypi_name("unheard-of-cuda"), version="1.0"),
)


@pytest.mark.parametrize("scenario", OTHER_FORMATS, ids=lambda scenario: scenario.claim)
@pytest.mark.parametrize("unheard", UNHEARD, ids=lambda package: f"{package.origin} {package.name}")
def test_what_nobody_knows_silences_nothing_in_any_format(scenario, unheard):
    target = None if scenario.target is None else parse_target(scenario.target)
    read_set = read_given(scenario.text, scenario.file, Path(), target, SMALL)
    more = replace(read_set, packages=(*read_set.packages, unheard))
    before, after = (audit(one, SMALL, StubIndex(scenario.index), target, scenario.environ) for one in (read_set, more))
    assert {one for one in before if one.code != "unknown"} <= set(after)
    assert {one.code for one in before} <= {one.code for one in after}


SHIPPED = load_matrices()


@pytest.mark.parametrize("row", [one for one in SHIPPED.clobbers if one.different], ids=lambda row: row.id)
def test_without_a_comparison_of_its_wheels_a_pair_is_still_told(row):
    """By a rule, or by where rows put the libraries; the shipped rows compare more wheels than the small ones."""
    pins = [f"{row.a}{row.versions_a}", f"{row.b}{row.versions_b}"]
    told = {pin for one in audit(pinned(*pins), without(SHIPPED, row), StubIndex()) for pin in one.packages}
    assert {*pins} <= told


def test_a_law_speaks_of_every_kind_of_row():
    """Rules and traps are facts that find.

    Custom operations only say whether our loader heals a set, which the scenarios of the audit speak of. Which python
    a system has is asked by the reader of an image. The rest is nothing that an audit of a set asks.
    """
    spoken = {type(row) for row in (*FACTS, *SMALL.rules, *SMALL.conda_builds, *SMALL.images)}
    unasked = {CustomOps, DriverBranch, ImportName, InteropPackages, PtxVersion, SystemPython, Verified}
    assert {kind for _, kind in FILES.values()} - unasked == spoken


LISTED = {
    "torch": [
        {
            "version": version,
            "files": [f"torch-{version}-cp312-cp312-manylinux_2_28_x86_64.whl"],
            "requires": [f"nvidia-cudnn-cu12=={cudnn}"],
        }
        for version, cudnn in (("2.9.1", "9.1.0.70"), ("2.10.0", "9.28.0.42"))
    ],
    "numpy": [{"version": v, "files": [f"numpy-{v}-py3-none-any.whl"], "requires": []} for v in VERSIONS["numpy"]],
}


def find_in_list(pins, matrices):
    target = Target(python="3.12", driver="580.65.06", gpus=("9.0",))
    return findings_as_installed(context_of(pinned(*pins), matrices, StubIndex(LISTED), target))[1]


@settings(deadline=None, max_examples=examples(60))
@given(sets, names)
def test_a_line_about_what_nobody_recorded_is_told_and_leaves_every_finding_of_a_list(pins, name):
    unheard = f"{name}==1.0"
    before, after = find_in_list(pins, SMALL), find_in_list([*pins, unheard], SMALL)
    assert {one for one in before if one.severity != "note"} <= set(after)
    assert [one.code for one in after if unheard in one.packages] == ["metadata"]


BESIDE = ("", "https://own.example/simple")


@settings(deadline=None, max_examples=examples(60))
@given(sets)
def test_an_index_beside_the_default_one_silences_no_finding_of_a_list_and_makes_none_graver(pins):
    listed = pinned(*pins)
    strange = replace(listed, packages=tuple(replace(one, sources=BESIDE) for one in listed.packages), sources=BESIDE)
    target = Target(python="3.12", driver="580.65.06", gpus=("9.0",))
    before, after = (
        {
            (one.code, one.names): SEVERITIES.index(one.severity)
            for one in findings_as_installed(context_of(each, SMALL, StubIndex(LISTED), target))[1]
        }
        for each in (listed, strange)
    )
    told = {name for code, names in after for name in names}
    for (code, names), severity in before.items():
        if severity < SEVERITIES.index("note"):
            assert after.get((code, names), severity) >= severity
            assert (code, names) in after or told & set(names)


@settings(deadline=None, max_examples=examples(100))
@given(sets, st.sampled_from(FACTS))
def test_without_a_fact_nothing_in_a_list_becomes_an_error(pins, row):
    before, after = (find_in_list(pins, matrices) for matrices in (SMALL, without(SMALL, row)))
    errors = [{(one.code, one.packages) for one in found if one.severity == "error"} for found in (before, after)]
    assert errors[1] <= errors[0]
