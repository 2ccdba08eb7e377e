"""The shipped rows agree with each other and with what was seen."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from solver.core.answer import NOT_KNOWN, Answer
from solver.core.frameworks import FRAMEWORKS
from solver.matrix.builds import has_cuda, stated
from solver.matrix.drivers import newest_cuda
from solver.matrix.gpus import resolve_gpus
from solver.matrix.load import FILES, Matrices, load_matrices, matrices_dir
from solver.matrix.row_files import read_entries
from solver.matrix.rows import Build, CudaFamily, Library, Rule
from solver.matrix.write import header_of, matrix_text

MATRICES = load_matrices()
TENSORFLOW_BUILDS = [row for name in FRAMEWORKS["tensorflow"].distributions for row in MATRICES.builds_of(name)]
TORCH_BUILDS = MATRICES.builds_of("torch")
COMPANION_BUILDS = [row for name in ("torchvision", "torchaudio") for row in MATRICES.builds_of(name)]
CUDA_BUILDS = [row for row in (*TENSORFLOW_BUILDS, *TORCH_BUILDS) if has_cuda(row) is Answer.YES]


def major(version: str) -> int:
    return Version(version).major


def ascending(texts: tuple[str, ...]) -> bool:
    versions = [Version(text) for text in texts]
    return versions == sorted(set(versions))


def test_every_kind_of_row_is_shipped_and_small_enough_to_load_at_every_start() -> None:
    files = sorted(matrices_dir().glob("*.yaml"))
    assert {path.stem for path in files} == set(FILES)
    assert sum(path.stat().st_size for path in files) < 1_100_000
    empty = [attribute for attribute, _ in FILES.values() if not getattr(MATRICES, attribute)]
    assert empty == []


@pytest.mark.parametrize("stem", ["tensorflow", "torch", "companions", "cuda", "cuda-libraries", "conda-builds"])
def test_a_renewal_that_finds_nothing_leaves_the_file_as_it_is(stem: str) -> None:
    path = matrices_dir() / f"{stem}.yaml"
    text = path.read_text(encoding="utf-8")
    rows = [entry.row for entry in read_entries(path, path.name, FILES[stem][1])]
    assert matrix_text(rows, header_of(text)) == text


def test_the_frameworks_go_back_as_far_as_promised() -> None:
    tensorflow = {row.version for row in TENSORFLOW_BUILDS if row.platform == "linux-64"}
    torch = {row.version for row in TORCH_BUILDS if row.index == "default" and row.platform == "linux-64"}
    assert {"2.9.0", "2.10.1", "2.15.1", "2.16.2", "2.20.0", "2.21.0"} <= tensorflow
    assert {"1.12.0", "1.13.1", "2.2.2", "2.10.0", "2.11.0", "2.15.0"} <= torch
    for platform in ("linux-aarch64", "win-64"):
        assert any(row.platform == platform for row in TENSORFLOW_BUILDS)
        assert any(row.platform == platform for row in TORCH_BUILDS)


@pytest.mark.parametrize("row", CUDA_BUILDS, ids=lambda row: row.id)
def test_a_cuda_build_has_a_toolkit_that_knows_its_gpus(row: Build) -> None:
    toolkit = MATRICES.toolkit(row.cuda)
    assert toolkit is not None
    assert isinstance(MATRICES.family(major(row.cuda)), CudaFamily) or row.cuda == "10.2"
    assert ascending(row.python)
    for capability in (*(row.sm or ()), *(row.ptx or ())):
        assert capability in toolkit.gpus, capability
    assert ascending(row.sm or ())
    assert ascending(row.ptx or ())


def test_every_library_that_tensorflow_opens_has_someone_who_brings_it() -> None:
    missing = [
        (row.id, name)
        for row in TENSORFLOW_BUILDS
        for name in row.opens or ()
        if MATRICES.library(name, major(row.cuda)) is NOT_KNOWN
    ]
    assert missing == []
    linux = [row for row in TENSORFLOW_BUILDS if has_cuda(row) is Answer.YES and row.platform == "linux-64"]
    assert all(
        {"cudart", "cublas", "cudnn", "nvcc"} <= set(row.opens) and isinstance(row.runpath, tuple) for row in linux
    )


def test_every_library_that_a_library_opens_has_someone_who_brings_it() -> None:
    missing = [
        (row.id, name)
        for row in MATRICES.libraries
        for name in row.needs
        if MATRICES.library(name, row.cuda) is NOT_KNOWN
    ]
    assert missing == []


def test_what_the_extra_asks_is_brought_by_a_row_of_the_same_major() -> None:
    for row in TENSORFLOW_BUILDS:
        for name in row.asks:
            libraries = [library for library in MATRICES.libraries if library.distribution == name]
            assert libraries and libraries[0].cuda == major(row.cuda), (row.id, name)


def test_runpaths_name_folders_in_which_a_library_lies() -> None:
    folders = {library.directory.removeprefix("nvidia/") for library in MATRICES.libraries}
    for row in TENSORFLOW_BUILDS:
        assert set(row.runpath or ()) <= folders, row.id


def test_tensorflow_2_21_looks_everywhere_but_for_cusolver() -> None:
    row = MATRICES.build("tensorflow", "2.21.0", "linux-64")
    assert row is not None and row.runpath is not None
    missed = [
        name
        for name in row.opens
        if isinstance(library := MATRICES.library(name, 12), Library)
        and library.sonames
        and library.directory.removeprefix("nvidia/") not in row.runpath
    ]
    assert missed == ["cusolver"]


def test_two_rows_of_a_library_never_hold_for_the_same_version() -> None:
    for library in MATRICES.libraries:
        for version in (
            "0.6.3",
            "0.8.1",
            "0.9.1",
            "8.9.7.29",
            "9.20.0.48",
            "9.21.0.82",
            "9.28.0.42",
            "11.7.101",
            "11.8.87",
        ):
            rows = [
                row
                for row in MATRICES.libraries
                if (row.library, row.cuda) == (library.library, library.cuda)
                and SpecifierSet(row.versions).contains(version)
            ]
            assert len(rows) <= 1, (library.library, library.cuda, version)


def test_the_cudnn_that_torch_pins_is_made_for_its_cuda() -> None:
    for row in TORCH_BUILDS:
        if not isinstance(stated(row.cuda), str) or not isinstance(stated(row.cudnn), str):
            continue
        served = [other for other in MATRICES.cudnn if SpecifierSet(other.cudnn).contains(row.cudnn)]
        assert len(served) == 1, row.id
        assert major(row.cuda) in served[0].cuda, row.id


def test_the_driver_of_a_toolkit_is_of_the_branch_that_serves_it_natively() -> None:
    branches = {row.branch: row.cuda for row in MATRICES.drivers}
    for toolkit in MATRICES.toolkits:
        if isinstance(toolkit.driver, str):
            assert branches[major(toolkit.driver)] == toolkit.cuda, toolkit.id
    natively = [Version(row.cuda) for row in sorted(MATRICES.drivers, key=lambda row: row.branch)]
    assert natively == sorted(natively)


def test_a_family_is_content_with_the_driver_of_its_first_toolkit() -> None:
    for family in MATRICES.families:
        drivers = [
            Version(toolkit.driver)
            for toolkit in MATRICES.toolkits
            if isinstance(toolkit.driver, str) and major(toolkit.cuda) == family.major and toolkit.cuda != "11.0"
        ]
        assert drivers == sorted(drivers)
        assert Version(family.driver) <= drivers[0], family.id


def test_a_version_of_a_component_belongs_to_one_toolkit() -> None:
    specifiers: dict[str, list[str]] = {}
    for toolkit in MATRICES.toolkits:
        for name, specifier in toolkit.components.items():
            assert re.fullmatch(r">=[\d.]+,<[\d.]+(,!=[\d.]+\.\*)*", specifier), (toolkit.id, name)
            specifiers.setdefault(name, []).append(specifier)
    # What belongs to no line of its own is asked for with a wide range, too.
    for name in specifiers.keys() - {"nvidia-nvjitlink", "nvidia-nvjitlink-cu12"}:
        named = {version for each in specifiers[name] for version in re.findall(r"[>!]=([\d.]+\d)", each)}
        for version in named:
            assert [SpecifierSet(each).contains(version) for each in specifiers[name]].count(True) == 1, (name, version)


def test_libraries_of_the_cuda_minor_are_numbered_like_it() -> None:
    same = {row.distribution for row in MATRICES.libraries if row.same_minor}
    for toolkit in MATRICES.toolkits:
        for name in same & toolkit.components.keys():
            assert toolkit.components[name].startswith(f">={toolkit.cuda}."), (toolkit.id, name)


def test_every_capability_that_a_toolkit_compiles_for_has_products() -> None:
    known = {row.gpu for row in MATRICES.gpus}
    assert len(known) == len(MATRICES.gpus)
    compiled = {gpu for toolkit in MATRICES.toolkits for gpu in toolkit.gpus}
    assert compiled == known
    models = [product for row in MATRICES.gpus for product in row.products]
    assert len(models) == len(set(models))


def test_default_companions_are_built_with_the_cuda_of_their_torch() -> None:
    for row in TORCH_BUILDS:
        if row.index == "default" and row.platform == "linux-64" and has_cuda(row) is Answer.YES:
            for package, versions in row.companions.items():
                for version in versions:
                    companion = MATRICES.build(package, version, "linux-64")
                    assert companion is not None and companion.cuda == row.cuda, (row.id, package, version)


def test_companions_of_the_pytorch_index_name_their_cuda() -> None:
    for companion in COMPANION_BUILDS:
        local = companion.version.partition("+")[2]
        if companion.index == "pytorch":
            assert local == ("cpu" if companion.cuda == "none" else "cu" + companion.cuda.replace(".", ""))
        else:
            assert not local and has_cuda(companion) is Answer.YES


def test_builds_of_the_pytorch_index_name_their_cuda() -> None:
    for row in TORCH_BUILDS:
        local = row.reports.partition("+")[2]
        if row.index == "pytorch":
            assert row.version == row.reports
            assert local == ("cpu" if row.cuda == "none" else "cu" + row.cuda.replace(".", "")), row.id
        else:
            assert row.reports.partition("+")[0] == row.version
            assert local in ("", "cpu") if row.cuda == "none" else local == "cu" + row.cuda.replace(".", "")


@pytest.mark.parametrize("rule", MATRICES.rules, ids=lambda rule: rule.id)
def test_a_rule_can_be_read_and_names_packages_as_indexes_do(rule: Rule) -> None:
    # What asks for nothing tells of a package that does not work at a place.
    assert rule.needs or rule.expects or rule.gpus or rule.driver
    assert not rule.when.keys() & rule.needs.keys()
    for name, specifier in (*rule.when.items(), *rule.needs.items()):
        assert name == canonicalize_name(name)
        if specifier != "!":
            SpecifierSet(specifier)  # raises on what is no specifier


def breached(rule: Rule, packages: dict[str, str]) -> bool:
    if not all(name in packages and SpecifierSet(spec).contains(packages[name]) for name, spec in rule.when.items()):
        return False
    return any(
        name in packages and (spec == "!" or not SpecifierSet(spec).contains(packages[name]))
        for name, spec in rule.needs.items()
    )


def exact(packages: dict[str, str]) -> bool:
    return all(re.fullmatch(r"[\d.]+", version) for version in packages.values())


@pytest.mark.parametrize(
    "observation", [row for row in MATRICES.observations if row.works and exact(row.packages)], ids=lambda row: row.id
)
def test_what_was_seen_to_work_breaks_no_hard_rule(observation: object) -> None:
    row = MATRICES.row(observation.id)  # type: ignore[attr-defined]
    broken = [rule.id for rule in MATRICES.rules if rule.severity == "error" and breached(rule, row.packages)]  # type: ignore[attr-defined]
    assert broken == []


@pytest.mark.parametrize(
    ("packages", "rule"),
    [
        ({"tensorflow": "2.20.0", "protobuf": "5.28.2"}, "protobuf-tensorflow-2.20"),
        ({"tensorflow": "2.21.0", "protobuf": "6.31.0"}, "protobuf-tensorflow-2.21"),
        ({"tensorflow": "2.9.0", "protobuf": "6.33.6"}, "protobuf-tensorflow-2.9-2.11"),
        ({"tensorflow": "2.14.0", "numpy": "2.0.0"}, "numpy-tensorflow"),
        ({"torch": "2.2.2", "numpy": "2.2.6"}, "numpy-torch"),
        ({"torch": "2.2.2+cu121", "numpy": "2.2.6"}, "numpy-torch"),
        ({"tensorboard": "2.20.0", "setuptools": "82.0.0"}, "setuptools-tensorboard"),
        ({"tensorflow": "2.21.0", "triton": "3.7.1"}, "crash-triton-tensorflow"),
        ({"nvidia-cudnn-cu12": "9.10.2.21", "nvidia-cudnn-cu13": "9.26.0.51"}, "clobber-cudnn-12-13"),
        ({"nvidia-cusparselt-cu12": "0.7.1", "nvidia-cusparselt-cu13": "0.8.1"}, "clobber-cusparselt-12-13"),
    ],
)
def test_what_was_seen_to_fail_breaks_a_hard_rule(packages: dict[str, str], rule: str) -> None:
    broken = [row.id for row in MATRICES.rules if row.severity == "error" and breached(row, packages)]
    assert broken == [rule]


@pytest.mark.parametrize(
    "packages",
    [
        {"tensorflow": "2.20.0", "torch": "2.9.1", "protobuf": "7.36.2", "triton": "3.5.1", "numpy": "2.5.5"},
        {"tensorflow": "2.21.0", "torch": "2.10.0", "triton": "3.6.0", "nvidia-nccl-cu12": "2.27.5"},
        {"tensorflow": "2.10.1", "protobuf": "3.20.3", "numpy": "1.23.0", "tensorboard": "2.10.1", "torch": "1.13.0"},
        {"nvidia-cusparselt-cu12": "0.7.1", "nvidia-cusparselt-cu13": "0.9.0"},
    ],
)
def test_sound_sets_break_no_hard_rule(packages: dict[str, str]) -> None:
    assert [rule.id for rule in MATRICES.rules if rule.severity == "error" and breached(rule, packages)] == []


def test_every_pair_that_overwrites_files_breaks_a_rule() -> None:
    free = [
        row.id
        for row in MATRICES.clobbers
        if not any(
            breached(rule, {row.a: row.versions_a.removeprefix("=="), row.b: row.versions_b.removeprefix("==")})
            for rule in MATRICES.rules
        )
    ]
    assert free == []
    assert all(0 < row.different <= row.shared and 0 < len(row.paths) <= 12 for row in MATRICES.clobbers)


def test_conda_names_stand_once_and_the_frameworks_are_among_them() -> None:
    names = {row.conda: row.pypi for row in MATRICES.names}
    assert len(names) == len(MATRICES.names)
    assert (names["pytorch"], names["tensorflow-base"], names["libtorch"]) == ("torch", "tensorflow", None)
    first: dict[str, str] = {}
    for row in MATRICES.names:
        first.setdefault(str(row.pypi), row.conda)
    assert (first["tensorflow"], first["torch"], first["matplotlib"]) == ("tensorflow", "pytorch", "matplotlib")


def test_cuda_builds_of_both_frameworks_share_an_abi_on_conda_forge() -> None:
    by_abi: dict[tuple[str | None, str | None], set[str]] = {}
    for row in MATRICES.conda_builds:
        if row.cuda != "none" and isinstance(row.libprotobuf, str):
            by_abi.setdefault((row.libprotobuf, row.libabseil), set()).add(f"{row.package} {row.version}")
    assert {"tensorflow 2.19.1", "pytorch 2.10.0"} <= by_abi["6.31.1", "20250512"]


def test_no_source_speaks_of_how_facts_were_gathered() -> None:
    for path in sorted(matrices_dir().glob("*.yaml")):
        assert not re.search(r"find_string|read_file|stored copy|NOT CONFIRMED|shared/facts", path.read_text()), path


def test_the_readme_tells_every_file_and_every_field() -> None:
    text = (matrices_dir() / "README.md").read_text(encoding="utf-8")
    for stem, (_, kind) in FILES.items():
        assert f"**{stem}.yaml**" in text
        for field in kind.__struct_fields__:
            assert f"`{field}`" in text, (stem, field)


def test_the_example_of_the_readme_loads(tmp_path: Path) -> None:
    text = (matrices_dir() / "README.md").read_text(encoding="utf-8")
    row, overlay = re.findall(r"```yaml\n(.*?)```", text, re.S)
    (tmp_path / "torch.yaml").write_text("version: 1\nrows:\n" + row)
    (tmp_path / "rules.yaml").write_text(overlay)
    matrices: Matrices = load_matrices(tmp_path)
    assert matrices.build("torch", "2.16.0+cu126", "linux-64") is not None
    assert matrices.row("numpy-torch-2.3-windows").source == "our own runs"
    assert len(matrices.rules) == len(MATRICES.rules)
    assert yaml.safe_load(overlay)["version"] == 1


@pytest.mark.parametrize(
    ("name", "capability"),
    [
        ("NVIDIA A100-SXM4-40GB", "8.0"),
        ("A10G", "8.6"),
        ("RTX 3070", "8.6"),
        ("NVIDIA GeForce RTX 3060 Ti", "8.6"),
        ("RTX 3090 Ti", "8.6"),
        ("RTX 4070 Ti SUPER", "8.9"),
        ("NVIDIA RTX 6000 Ada Generation", "8.9"),
        ("NVIDIA GeForce RTX 4090 Laptop GPU", "8.9"),
        ("GTX 1660 SUPER", "7.5"),
        ("TITAN RTX", "7.5"),
        ("H20", "9.0"),
        ("H100 NVL", "9.0"),
        ("H200 NVL", "9.0"),
        ("RTX PRO 6000", "12.0"),
        ("Tesla V100S-PCIE-32GB", "7.0"),
        ("NVIDIA RTX A1000 Laptop GPU", "8.6"),
        ("NVIDIA RTX PRO 6000 Blackwell Server Edition", "12.0"),
        ("DGX Spark", "12.1"),
    ],
)
def test_the_names_that_people_and_nvidia_smi_use_are_known(name: str, capability: str) -> None:
    assert resolve_gpus([name], MATRICES.gpus) == (capability,)


@pytest.mark.parametrize(("driver", "cuda"), [("565.57.01", "12.7"), ("610.43.02", "13.3"), ("615.71.09", "13.4")])
def test_a_driver_serves_the_cuda_that_nvidia_smi_prints(driver: str, cuda: str) -> None:
    assert newest_cuda(driver, MATRICES.drivers) == cuda
