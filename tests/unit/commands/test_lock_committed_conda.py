"""The shipped conda locks, compared with the recorded facts by code that shares nothing with the writers."""

import json

import pytest
import yaml
from conda_own import conda_spec
from paths import ROOT

SNAPSHOT = ROOT / "matrices" / "snapshot" / "conda" / "conda-forge"
ADDRESS = "https://conda.anaconda.org/conda-forge"
ALL = sorted(path.parent for path in (ROOT / "locks").glob("*/environment.yml"))
LOCKS = [folder for folder in ALL if list(folder.glob("*-64.lock"))]
CONDA = [folder for folder in LOCKS if (folder / "conda-lock.yml").is_file()]


def recorded():
    """File name -> its recorded line, address included."""
    records = {}
    for subdir in ("linux-64", "win-64", "noarch"):
        for line in (SNAPSHOT / f"{subdir}.jsonl").read_text().splitlines()[1:]:
            record = json.loads(line)
            records[f"{ADDRESS}/{subdir}/{record['file']}"] = record
    return records


def dependencies(folder):
    return yaml.safe_load((folder / "environment.yml").read_text())["dependencies"]


LEVEL = "conda-forge::_x86_64-microarch-level>=3"
"""What is asked of the machine by a package: no build of it is pinned."""


def pins(folder):
    entries = [entry for entry in dependencies(folder) if isinstance(entry, str)]
    return {entry.removeprefix("conda-forge::") for entry in entries if "::" in entry and entry != LEVEL}


def pin_of(url):
    name, version, build = url.rsplit("/", 1)[1].removesuffix(".conda").removesuffix(".tar.bz2").rsplit("-", 2)
    return f"{name}={version}={build}"


def explicit_lines(folder):
    (path,) = folder.glob("*-64.lock")
    lines = path.read_text().splitlines()
    return dict(line.split("#sha256:") for line in lines if line.startswith("https:"))


@pytest.mark.parametrize("folder", LOCKS, ids=lambda folder: folder.name)
def test_every_conda_pin_is_recorded_once(folder):
    known = {pin_of(url) for url in recorded()}
    locked = pins(folder)
    assert locked <= known
    names = [pin.split("=")[0] for pin in locked]
    assert len(names) == len(set(names))
    assert "python" in names


@pytest.mark.parametrize("folder", LOCKS, ids=lambda folder: folder.name)
def test_the_pip_block_is_requirements_txt_package_for_package(folder):
    block = yaml.safe_load((folder / "environment.yml").read_text())["dependencies"][-1]
    if not isinstance(block, dict):
        assert not (folder / "requirements.txt").exists()
        return
    joined = (folder / "requirements.txt").read_text().replace("\\\n", " ")
    lines = [" ".join(line.split()) for line in joined.splitlines() if line.strip() and not line.startswith("#")]
    assert block["pip"] == lines
    assert "pip" in {pin.split("=")[0] for pin in pins(folder)}


@pytest.mark.parametrize("folder", LOCKS, ids=lambda folder: folder.name)
def test_the_explicit_half_holds_every_pin_with_the_recorded_hash(folder):
    known, explicit = recorded(), explicit_lines(folder)
    assert {url: known[url]["sha256"] for url in explicit} == explicit
    assert {pin_of(url) for url in explicit} == pins(folder)


@pytest.mark.parametrize("folder", CONDA, ids=lambda folder: folder.name)
def test_every_hash_of_a_conda_lock_is_the_recorded_one(folder):
    known, explicit = recorded(), explicit_lines(folder)
    locked = yaml.safe_load((folder / "conda-lock.yml").read_text())["package"]
    assert {p["url"]: (p["hash"]["md5"], p["hash"]["sha256"]) for p in locked} == {
        url: (known[url]["md5"], known[url]["sha256"]) for url in explicit
    }


@pytest.mark.parametrize("folder", CONDA, ids=lambda folder: folder.name)
def test_every_dependency_of_a_conda_lock_is_met(folder, tmp_path):
    """By py-rattler's own check of a set, over the recorded records."""
    from rattler import PackageRecord

    from solver.index.conda_record import repodata_fields
    from solver.index.conda_snapshot import read_records

    recorded = {r.url: r for s in ("linux-64", "noarch") for r in read_records(SNAPSHOT / f"{s}.jsonl")}
    records = []
    for url in explicit_lines(folder):
        path = tmp_path / "index.json"
        fields = repodata_fields(recorded[url])
        fields["depends"] = [spec for spec in fields["depends"] if not spec.startswith(("__", "_x86_64-microarch"))]
        fields["constrains"] = [spec for spec in fields["constrains"] if not spec.startswith("__")]
        path.write_text(json.dumps(fields))
        records.append(PackageRecord.from_index_json(path))
    assert PackageRecord.validate(records) is None


@pytest.mark.parametrize("folder", CONDA, ids=lambda folder: folder.name)
def test_a_conda_lock_holds_gpu_builds_of_one_cuda(folder):
    builds = {pin.split("=")[0]: pin.split("=")[1:] for pin in pins(folder)}
    for name in ("pytorch", "tensorflow", "tensorflow-base"):
        assert builds[name][1].startswith("cuda")
    majors = {build[4:6] for _, build in builds.values() if build.startswith("cuda1")}
    assert majors == {builds["cuda-version"][0].split(".")[0]}


@pytest.mark.parametrize("folder", ALL, ids=lambda folder: folder.name)
def test_conda_reads_each_dependency_as_one_build_of_one_channel_or_as_the_machine(folder):
    specs = [conda_spec(entry) for entry in dependencies(folder) if isinstance(entry, str) and entry != LEVEL]
    machine = {str(spec) for spec in specs if spec.get("channel") is None}
    assert machine <= {"__glibc[version='>=2.28']"}
    assert (LEVEL in dependencies(folder)) is (folder.name == "full-py312-conda")
    assert {spec.get("channel").name for spec in specs if spec.get("channel") is not None} == {"conda-forge"}
    if folder in LOCKS:
        assert ("__glibc[version='>=2.28']" in machine) is not folder.name.endswith("-win")
        assert all(spec.get_exact_value("build") for spec in specs if spec.get("channel") is not None)


@pytest.mark.parametrize("folder", ALL, ids=lambda folder: folder.name)
def test_every_lock_holds_a_pip_which_conda_would_add_in_any_version_and_which_would_else_be_another_environments(
    folder,
):
    (pip,) = (pin for pin in pins(folder) if pin.startswith("pip="))
    assert any(pin_of(url) == pip for url in explicit_lines(folder))


@pytest.mark.parametrize("folder", ALL, ids=lambda folder: folder.name)
def test_every_file_that_cannot_set_the_variables_says_how_to(folder):
    variables = yaml.safe_load((folder / "environment.yml").read_text()).get("variables", {})
    pairs = " ".join(f"{name}={value}" for name, value in variables.items())
    line = f"# Then: conda env config vars set --name {folder.name} {pairs}"
    files = [*folder.glob("*-64.lock"), *folder.glob("conda-lock.yml")]
    for file in files:
        said = [one for one in file.read_text().splitlines() if "config vars" in one]
        assert said == ([line] if variables else [])
    assert files


def test_no_lock_pins_a_model_of_a_processor():
    assert not [
        folder.name for folder in ALL for path in folder.glob("*.*") if b"microarch-level-" in path.read_bytes()
    ]


def test_every_lock_has_a_half_that_is_addressed_archive_by_archive():
    assert LOCKS == ALL
    assert CONDA
