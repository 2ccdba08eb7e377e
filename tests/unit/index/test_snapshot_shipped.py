"""The snapshot that is shipped keeps the promises of its README."""

import functools

import msgspec
import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from paths import ROOT

from solver.core.answer import NOT_KNOWN
from solver.core.errors import NotRecorded
from solver.core.model import Target, pypi_name
from solver.core.target import admits_python, usable_files
from solver.index.snapshot import SnapshotIndex
from solver.index.snapshot_files import Coverage, package_text, read_package
from solver.refresh.crawl import applies_on
from solver.refresh.record import ROOTS, read_roots

ROOT = ROOT / "matrices" / "snapshot"
FILES = sorted((ROOT / "default").glob("*.jsonl")) + sorted((ROOT / "pytorch").glob("*.jsonl"))
TARGETS = [Target(python=python) for python in ("3.9", "3.10", "3.11", "3.12", "3.13")]
# No wheel that meets these was ever on the index, on some python at least.
IMPOSSIBLE = {
    "h5py==3.11.0",
    "jax-cuda12-pjrt==0.4.22",
    "jaxlib<=0.4.30,>=0.4.27",
    "jaxlib<=0.4.31,>=0.4.30",
    "jaxlib<=0.4.32,>=0.4.32",
    "jaxlib<=0.4.33,>=0.4.33",
    "numpy==1.26.4",
    "onnx2tf>=1.20.1",
    "onnx==0.2",
    "onnxsim==0.4.36",
    "tensorflow-addons",
    "tensorflow<2.16,>=2.15",
    "tensorflow<2.17,>=2.16",
    "tensorflow<2.18,>=2.17",
    "tensorflow<2.19,>=2.18",
    "tensorflow<2.20,>=2.19",
    "tensorflow==2.19.0",
    "tf-keras-nightly",
    "torch==2.0.0+cu117",
    # xformers has one wheel for python 3.9 and newer; torch from 2.9 on has none for 3.9.
    "torch==2.10.0",
    "torch==2.9.0",
    "torch==2.9.1",
    "torch>=2.10",
}


@pytest.fixture(scope="module")
def read():
    return {path: read_package(path) for path in FILES}


def test_every_file_is_in_its_one_form(read):
    for path, (header, releases) in read.items():
        name = pypi_name(header.name)
        text = package_text(name, header.index, header.extent, releases, header.extras, header.targets)
        assert path.read_text(encoding="utf-8") == text, path


def test_of_every_release_of_the_default_index_all_extras_are_named(read):
    for path, (_, releases) in read.items():
        if path.parent.name == "default":
            assert all(isinstance(release.provides, tuple) for release in releases), path


def test_every_package_of_the_default_index_tells_for_which_targets_it_was_recorded(read):
    groups = read_roots(ROOT / ROOTS).groups
    of_roots = {Coverage(platform=group.platform, glibc=group.glibc, pythons=group.pythons) for group in groups}
    for path, (header, _) in read.items():
        assert {msgspec.structs.replace(span, whole=NOT_KNOWN) for span in header.targets} <= of_roots, path
        assert (header.targets != ()) == (header.index == "default"), path


def test_what_the_roots_want_whole_is_said_to_be(read):
    wanted = {
        (pypi_name(root.name), group.platform, group.pythons, str(root.specifier))
        for group in read_roots(ROOT / ROOTS).groups
        for root in map(Requirement, group.whole)
    }
    said = {
        (header.name, span.platform, span.pythons, span.whole)
        for header, _ in read.values()
        for span in header.targets
        if span.whole is not NOT_KNOWN
    }
    assert said == wanted


def test_it_is_small():
    assert sum(path.stat().st_size for path in FILES) < 4_000_000


def test_the_roots_can_be_read():
    roots = read_roots(ROOT / ROOTS)
    names = {pypi_name(Requirement(text).name) for group in roots.groups for text in (*group.whole, *group.some)}
    assert names <= set(SnapshotIndex(ROOT).names())


def test_every_wheel_of_the_default_index_is_known_whole(read):
    for path, (header, releases) in read.items():
        if header.index == "default":
            for release in releases:
                assert isinstance(release.requires, tuple) and release.source is None, path
                assert all(file.sha256 and file.size and file.uploaded for file in release.files), path


def test_every_wheel_of_another_index_has_its_source(read):
    for header, releases in read.values():
        if header.index == "pytorch":
            for release in releases:
                assert release.source
                assert all(file.url.startswith("https://download.pytorch.org/whl/") for file in release.files)
                # Requirements that were read belong to a wheel whose hash was read.
                assert not isinstance(release.requires, tuple) or all(file.sha256 for file in release.files)


def test_a_wheel_is_recorded_once(read):
    for path, (_, releases) in read.items():
        names = [file.filename for release in releases for file in release.files]
        assert len(names) == len(set(names)), path


def test_it_is_closed():
    """What a held release asks on a python on which it can be used is held too."""
    index = SnapshotIndex(ROOT)

    @functools.cache
    def met(name, specifier, target):
        try:
            releases = index.releases(name)
        except NotRecorded:
            return False
        bounds = SpecifierSet(specifier)
        return any(
            bounds.contains(release.version) and usable(release.files, release.requires_python, target)
            for release in releases
        )

    questions = {
        (text, target)
        for name in index.names()
        for release in index.releases(name)
        for target in TARGETS
        if usable(release.files, release.requires_python, target)
        for text in release.requires or ()
        if applies_on(text, target, ())
    }
    unmet = set()
    for text, target in questions:
        requirement = Requirement(text)
        if not met(pypi_name(requirement.name), str(requirement.specifier), target):
            unmet.add(f"{requirement.name}{requirement.specifier}")
    assert unmet == IMPOSSIBLE


def usable(files, requires_python, target):
    return admits_python(requires_python, target) and bool(usable_files(files, target))
