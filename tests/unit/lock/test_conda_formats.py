"""The files a lock is written to: their own rules, and foreign readers that find the same packages."""

import random

import pytest
import yaml
from packaging.requirements import Requirement
from paths import ROOT

from solver.core.errors import BadInput
from solver.core.model import GpuSharing, Profile, Target, pypi_name
from solver.index.conda_snapshot import read_records
from solver.lock.condalock import conda_lock_yml
from solver.lock.constraints import constraints_txt
from solver.lock.environment import KEYS, environment_yml, pip_block, sharing_variables
from solver.lock.explicit import base_explicit, explicit, explicit_filename, read_explicit
from solver.lock.pip_half import LockedWheel
from solver.lock.pixi import pixi_lock
from solver.matrix.load import Matrices, matrices_dir
from solver.matrix.names import Names
from solver.matrix.rows import PackageName

CONDA = Profile(name="demo", flavour="conda", python="==3.12")
PIP = Profile(name="demo", python="==3.12")
WHEELS = (
    LockedWheel(pypi_name("torch"), "2.11.0+cu128", "https://w.example/torch.whl", "c" * 64, ("numpy>=2", "filelock")),
    LockedWheel(pypi_name("interlock-loader"), "1", "file:///locks/demo/wheels/interlock_loader-1.whl", "d" * 64),
)
LINES = [
    "# a comment",
    "--find-links ./wheels",
    "",
    "numpy==2.1.0 \\",
    f"    --hash=sha256:{'a' * 64} \\",
    f"    --hash=sha256:{'b' * 64}",
    f"torch @ https://w.example/torch-2.11.0%2Bcu128.whl --hash=sha256:{'c' * 64}  # from elsewhere",
]
LOGICAL = [
    "--find-links ./wheels",
    f"numpy==2.1.0 --hash=sha256:{'a' * 64} --hash=sha256:{'b' * 64}",
    f"torch @ https://w.example/torch-2.11.0%2Bcu128.whl --hash=sha256:{'c' * 64}",
]


@pytest.fixture(scope="module")
def records():
    """Real records, one a name: what a lock looks like."""
    folder = matrices_dir() / "snapshot" / "conda" / "conda-forge"
    found = {r.name: r for name in ("linux-64", "noarch") for r in read_records(folder / f"{name}.jsonl")}
    return tuple(found[name] for name in sorted(found))


WRITERS = {
    "environment.yml": lambda records: environment_yml(CONDA, records),
    "explicit": lambda records: explicit(CONDA, records, "linux-64"),
    "base": lambda records: base_explicit(PIP, records, "linux-64"),
    "conda-lock.yml": lambda records: conda_lock_yml(PIP, records, WHEELS, "linux-64"),
    "pixi 6": lambda records: pixi_lock(PIP, records, WHEELS, "linux-64", version=6),
    "pixi 7": lambda records: pixi_lock(PIP, records, WHEELS, "linux-64"),
    "constraints.txt": lambda records: constraints_txt(PIP, {"torch": "2.11.0"}, records),
}


@pytest.mark.parametrize("form", WRITERS)
def test_records_in_any_order_give_the_same_bytes(records, form):
    first = WRITERS[form](records)
    assert all(WRITERS[form](random.Random(seed).sample(records, len(records))) == first for seed in range(2))


@pytest.mark.parametrize("form", WRITERS)
def test_every_file_names_the_command_that_makes_it_and_no_time(records, form):
    text = WRITERS[form](records)
    assert "`nox -s lock`" in text or "`interlock export " in text
    assert "created_at" not in text


# --- environment.yml --------------------------------------------------------------------------------


def test_the_whole_file(records):
    some = [record for record in records if record.name in {"pip", "tzdata"}]
    profile = Profile(name="demo", variables={"A": "1"}, target=Target(driver=None))
    assert environment_yml(profile, some, LINES).splitlines() == [
        "# Made by `nox -s lock` (or `interlock lock demo`); change environment.yml.in, not this file.",
        "# Install: conda env create -f locks/demo/environment.yml",
        "# conda cannot check hashes here: pip checks its half below, nobody checks conda's packages.",
        "# `interlock install demo PREFIX` checks every hash and leaves a whole environment or none.",
        "name: demo",
        "channels:",
        "- conda-forge",
        "dependencies:",
        f"- {some[0].pin}",
        f"- {some[1].pin}",
        "- pip:",
        *(f"  - {line}" for line in LOGICAL),
        "variables:",
        "  A: '1'",
    ]


def test_it_keeps_condas_rules(records):
    data = yaml.safe_load(environment_yml(PIP, records, LINES, {"TF_FORCE_GPU_ALLOW_GROWTH": "true"}))
    assert tuple(data) == KEYS
    assert set(data) <= {"name", "channels", "dependencies", "prefix", "variables"}
    assert "nodefaults" not in data["channels"]
    assert all(isinstance(value, str) for value in data["variables"].values())
    *pins, block = data["dependencies"]
    assert [pin.count("=") for pin in pins] == [2] * len(records)
    assert pins == sorted(pins, key=lambda pin: pin.split("=")[0])
    assert block == {"pip": LOGICAL}
    for line in block["pip"][1:]:
        Requirement(line.partition(" --hash=")[0])


def test_conda_profiles_have_no_pip_block_and_tell_where_the_hashes_are(records):
    text = environment_yml(CONDA, records)
    assert "pip:" not in text
    assert "# conda cannot check hashes here; linux-64.lock and conda-lock.yml hold them." in text


def test_a_pip_block_needs_pip(records):
    with pytest.raises(BadInput, match="demo: has packages for pip and no pip among its conda packages; add pip"):
        environment_yml(PIP, [r for r in records if r.name != "pip"], LINES)


def test_lines_are_joined_and_comments_dropped():
    assert pip_block(LINES) == LOGICAL
    assert pip_block(["a==1 \\"]) == ["a==1"]
    assert pip_block([]) == []


@pytest.mark.parametrize(
    ("profile", "expected"),
    [
        (Profile(name="p"), {"TF_FORCE_GPU_ALLOW_GROWTH": "true"}),
        (Profile(name="p", frameworks=("torch",)), {}),
        (Profile(name="p", cuda="none", target=Target(driver=None)), {}),
        (Profile(name="p", gpu_sharing=GpuSharing(growth=False)), {"TF_FORCE_GPU_ALLOW_GROWTH": "false"}),
        (Profile(name="p", variables={"TF_FORCE_GPU_ALLOW_GROWTH": "false"}), {"TF_FORCE_GPU_ALLOW_GROWTH": "false"}),
    ],
)
def test_variables_that_let_both_share_a_gpu(profile, expected):
    found = sharing_variables(profile)
    assert {name: found[name] for name in found if name.startswith("TF_FORCE")} == expected


# --- @EXPLICIT --------------------------------------------------------------------------------------


def test_the_explicit_file_is_read_by_rattler(records):
    from rattler.explicit_environment.environment import ExplicitEnvironmentSpec

    text = explicit(CONDA, records, "linux-64")
    spec = ExplicitEnvironmentSpec.from_str(text)
    assert str(spec.platform) == "linux-64"
    expected = {record.url: record.sha256 for record in records}
    assert dict(entry.url.split("#sha256:") for entry in spec.packages) == expected
    assert read_explicit(text, "linux-64.lock") == expected


def test_what_is_depended_on_stands_first(records):
    places = {url: place for place, url in enumerate(read_explicit(explicit(CONDA, records, "linux-64"), "f"))}
    by_name = {record.name: record for record in records}
    python, zlib, pip = (places[by_name[name].url] for name in ("python", "libzlib", "pip"))
    assert zlib < python < pip


def test_a_file_without_its_frameworks_is_never_called_a_lock(records):
    with pytest.raises(BadInput, match="demo: has frameworks that come from pip, which an @EXPLICIT file cannot hold"):
        explicit(PIP, records, "linux-64")
    assert explicit_filename(PIP, "linux-64") == "base-linux-64.lock"
    assert explicit_filename(CONDA, "linux-64") == "linux-64.lock"
    first = base_explicit(PIP, records, "linux-64").splitlines()[0]
    assert first == (
        "# Only the base of demo: its frameworks come from pip, by "
        "pip install --require-hashes -r locks/demo/requirements.txt"
    )


@pytest.mark.parametrize(
    "line", ["https://c.example/noarch/x-1-0.conda", "https://c.example/noarch/x-1-0.conda#" + "a" * 32, "numpy"]
)
def test_a_line_without_a_sha256_is_named(line):
    with pytest.raises(BadInput, match=r"linux-64.lock:2: expected an address with #sha256: after @EXPLICIT"):
        read_explicit(f"@EXPLICIT\n{line}\n", "linux-64.lock")


# --- lock files with the pip half -------------------------------------------------------------------


def test_conda_lock_is_read_by_conda_lock(records, tmp_path):
    path = tmp_path / "conda-lock.yml"
    path.write_text(conda_lock_yml(PIP, records, WHEELS, "linux-64"))
    from conda_lock.lockfile import parse_conda_lock_file

    found = parse_conda_lock_file(path)
    assert {(d.name, d.version, d.url, d.hash.md5, d.hash.sha256) for d in found.package if d.manager == "conda"} == {
        (r.name, r.version, r.url, r.md5, r.sha256) for r in records
    }
    assert {(d.name, d.version, d.url, d.hash.sha256) for d in found.package if d.manager == "pip"} == {
        (w.name, w.version, w.url, w.sha256) for w in WHEELS
    }
    assert found.metadata.platforms == ["linux-64"]


def test_conda_lock_renders_the_same_set_as_ours(records, tmp_path):
    """conda-lock's own @EXPLICIT and environment.yml, made of our lock, name our packages."""
    path = tmp_path / "conda-lock.yml"
    path.write_text(conda_lock_yml(CONDA, records, (), "linux-64"))
    from conda_lock.conda_lock import render_lockfile_for_platform
    from conda_lock.lockfile import parse_conda_lock_file

    def rendered(kind):
        return render_lockfile_for_platform(
            lockfile=parse_conda_lock_file(path),
            include_dev_dependencies=False,
            extras=None,
            kind=kind,
            platform="linux-64",
        )

    lines = {line.strip() for line in rendered("explicit") if line.startswith("https:")}
    assert lines == {f"{record.url}#{record.md5}" for record in records}
    pins = {line.strip().removeprefix("- ") for line in rendered("env") if line.count("=") == 2}
    assert {record.pin for record in records} <= pins


@pytest.mark.parametrize("version", [6, 7])
def test_pixi_lock_is_read_by_rattler(records, tmp_path, version):
    from rattler import LockFile

    virtual = {"__cuda": "12.4", "__glibc": "2.28", "__archspec": "x86_64_v3"}
    text = pixi_lock(PIP, records, WHEELS, "linux-64", version=version, virtual=virtual)
    assert f"version: {version}\n" in text
    path = tmp_path / "pixi.lock"
    path.write_text(text)
    found = LockFile.from_path(path)
    platform = found.platforms()[0]
    assert platform.virtual_packages == (["__cuda=12.4", "__glibc=2.28"] if version == 7 else [])
    environment = found.default_environment()
    assert [str(channel) for channel in environment.channels()] == ["https://conda.anaconda.org/conda-forge/"]
    conda, pip = [], []
    for package in environment.packages(platform):
        (pip if type(package).__name__ == "PypiLockedPackage" else conda).append(package)
    assert {
        (
            p.location,
            p.hashes.sha256.hex(),
            p.hashes.md5.hex(),
            str(p.package_record.build),
            p.package_record.build_number,
        )
        for p in conda
    } == {(r.url, r.sha256, r.md5, r.build, r.build_number) for r in records}
    assert {tuple(p.package_record.depends) for p in conda} == {r.depends for r in records}
    assert {(p.name, p.version, p.hashes.sha256.hex(), tuple(p.requires_dist)) for p in pip} == {
        (w.name, w.version, w.sha256, w.requires) for w in WHEELS
    }


@pytest.mark.parametrize("write", [conda_lock_yml, pixi_lock])
def test_a_lock_without_its_pip_half_is_refused(records, write):
    with pytest.raises(BadInput, match="demo: has frameworks that come from pip, and the lock was to be without them"):
        write(PIP, records, (), "linux-64")


def test_conda_lock_wants_md5(records):
    import msgspec

    bare = [msgspec.structs.replace(records[0], md5=None)]
    with pytest.raises(BadInput, match=r"the channel gives no md5 for .*, which conda-lock.yml must have"):
        conda_lock_yml(CONDA, bare, (), "linux-64")


def test_another_pixi_version_is_refused(records):
    with pytest.raises(BadInput, match=r"expected pixi.lock version 6 or 7, found 5"):
        pixi_lock(CONDA, records, (), "linux-64", version=5)


# --- constraints.txt --------------------------------------------------------------------------------


def test_constraints_hold_pythons_packages_by_their_pypi_names(records):
    rows = (
        PackageName(id="a", source="s", conda="pytorch", pypi="torch"),
        PackageName(id="b", source="s", conda="libtorch", pypi=None),
    )
    text = constraints_txt(PIP, {"torch": "2.11.0+cu128"}, records, Names(Matrices(names=rows)))
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    assert "torch==2.11.0+cu128" in lines
    assert lines == sorted(lines, key=lambda line: line.partition("==")[0])
    names = {Requirement(line).name for line in lines}
    assert {"setuptools", "wheel", "numpy"} <= names
    assert not names & {"python", "libtorch", "zstd", "tzdata"}


def test_conda_lock_is_imported_late():
    import subprocess
    import sys

    code = (
        "import sys, solver.lock.condalock, solver.lock.install.prefix\n"
        "print([name for name in sys.modules if name in ('conda_lock', 'rattler')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    holders = [path.name for path in (ROOT / "solver").rglob("*.py") if "from conda_lock" in path.read_text()]
    assert holders == ["condalock.py"]
