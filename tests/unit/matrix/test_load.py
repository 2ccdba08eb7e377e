"""The door of the matrices: what is refused, with which words, and how a user's rows are laid over."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from paths import ROOT

from solver.core.answer import NOT_KNOWN
from solver.core.errors import BadInput
from solver.matrix import load
from solver.matrix.load import load_matrices, matrices_dir, row_digest
from solver.matrix.rows import GpuModels

GPU = """version: 1
rows:
- id: gpu-9.9
  source: "a test"
  gpu: "9.9"
  architecture: Test
  products: []
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of matrices that stands for the built-in one."""
    built_in = tmp_path / "matrices"
    built_in.mkdir()
    monkeypatch.setattr(load, "matrices_dir", lambda: built_in)
    return built_in


def refusal(folder: Path, name: str, text: str) -> str:
    (folder / name).write_text(text, encoding="utf-8")
    with pytest.raises(BadInput) as caught:
        load_matrices()
    assert caught.value.exit_code == 2
    return str(caught.value)


def changed(old: str, new: str) -> str:
    assert old in GPU
    return GPU.replace(old, new)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            changed('gpu: "9.9"', "gpu: 9.9"),
            'matrices/gpus.yaml:5: row gpu-9.9, gpu: expected a string like "9.9", found a float 9.9; put it in quotes',
        ),
        (
            changed('gpu: "9.9"', 'gpu: "99"'),
            'matrices/gpus.yaml:5: row gpu-9.9, gpu: expected a compute capability such as "9.0", found "99"',
        ),
        (
            changed("  products: []", "  products: [A, 5]"),
            "matrices/gpus.yaml:7: row gpu-9.9, products[1]: "
            'expected a string like "5", found an integer 5; put it in quotes',
        ),
        (
            changed('  source: "a test"\n', ""),
            "matrices/gpus.yaml:3: row gpu-9.9, source: this key is missing; add it",
        ),
        (
            changed('source: "a test"', 'source: ""'),
            "matrices/gpus.yaml:4: row gpu-9.9, source: expected some text, found an empty string",
        ),
        (
            changed("architecture: Test", "architecture: Test\n  colour: green"),
            "matrices/gpus.yaml:7: row gpu-9.9, colour: is not a key known here; "
            "the keys are architecture, derived, gpu, id, products, source, toolkit",
        ),
        (
            changed("architecture: Test", "architecture: Test\n  architecture: Test"),
            "matrices/gpus.yaml:7: the key architecture stands here for the second time, first on line 6",
        ),
        (
            changed("products: []", "products: []\n  url: https://example.org/x.whl"),
            "matrices/gpus.yaml:8: row gpu-9.9, url: is not a key known here; "
            "the keys are architecture, derived, gpu, id, products, source, toolkit",
        ),
        (
            changed("products: []", "products: [{url: https://example.org/x.whl}]"),
            "matrices/gpus.yaml:7: row gpu-9.9, products[0]: expected a string, found a mapping",
        ),
        (
            changed("- id: gpu-9.9\n ", "-"),
            "matrices/gpus.yaml:3: row number 1, id: this key is missing; add it",
        ),
        (
            GPU.replace("rows:\n- id", "rows:\n- 7\n- id"),
            "matrices/gpus.yaml:3: row number 1: expected a mapping, found an integer 7",
        ),
        (
            changed("version: 1", "version: 2"),
            "matrices/gpus.yaml:1: version: expected format version 1, found 2; "
            "a newer interlock wrote it: install that one",
        ),
        (changed("version: 1", 'version: "1"'), "matrices/gpus.yaml:1: version: expected the number 1, found '1'"),
        (changed("version: 1\n", ""), "matrices/gpus.yaml:1: version: expected the number 1, found None"),
        (changed("version: 1", "version: 1\nnote: x"), "matrices/gpus.yaml:2: note: expected only version and rows"),
        ("version: 1\n", "matrices/gpus.yaml:1: rows: expected a list of rows"),
        ("- 1\n", "matrices/gpus.yaml:1: expected a mapping with the keys version and rows"),
        (
            "version: 1\nrows: [\n",
            "matrices/gpus.yaml:3: is not YAML: did not find expected node content",
        ),
    ],
)
def test_a_file_that_is_not_exact_is_refused_with_file_line_row_and_key(folder: Path, text: str, message: str) -> None:
    assert refusal(folder, "gpus.yaml", text) == message


def test_an_id_stands_once_over_all_files(folder: Path) -> None:
    (folder / "gpus.yaml").write_text(GPU, encoding="utf-8")
    twin = 'version: 1\nrows:\n- id: gpu-9.9\n  source: "x"\n  branch: 999\n  cuda: "13.0"\n'
    assert refusal(folder, "drivers.yaml", twin) == (
        "matrices/gpus.yaml:3: row gpu-9.9, id: expected an id that no other row has, "
        "found that of matrices/drivers.yaml"
    )


def test_the_name_of_a_file_decides_its_rows_so_an_unknown_one_is_refused(folder: Path) -> None:
    message = refusal(folder, "gpu.yaml", GPU)
    assert message.startswith("matrices/gpu.yaml: expected one of tensorflow, torch, jax, packages, ")
    assert message.endswith(" as the name of a matrix")


def test_own_rows_are_added_or_replace_built_in_ones(folder: Path, tmp_path: Path) -> None:
    (folder / "gpus.yaml").write_text(GPU, encoding="utf-8")
    own = tmp_path / "own"
    own.mkdir()
    (own / "README.md").write_text("no matrix")
    (own / "gpus.yaml").write_text(
        GPU.replace("Test", "Changed") + GPU.partition("rows:\n")[2].replace("9.9", "9.8"), encoding="utf-8"
    )
    matrices = load_matrices(own)
    assert [(row.id, row.architecture) for row in matrices.gpus] == [("gpu-9.9", "Changed"), ("gpu-9.8", "Test")]
    assert [row.architecture for row in load_matrices().gpus] == ["Test"]


def test_an_own_row_may_not_replace_one_of_another_kind(folder: Path, tmp_path: Path) -> None:
    (folder / "gpus.yaml").write_text(GPU, encoding="utf-8")
    own = tmp_path / "own"
    own.mkdir()
    (own / "drivers.yaml").write_text('version: 1\nrows:\n- {id: gpu-9.9, source: x, branch: 9, cuda: "13.0"}\n')
    with pytest.raises(BadInput) as caught:
        load_matrices(own)
    assert str(caught.value) == (
        f"{own}/drivers.yaml:3: row gpu-9.9, id: expected an id of its own or of a row in drivers.yaml, "
        "found that of matrices/gpus.yaml"
    )


def test_errors_of_own_files_name_them(folder: Path, tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.mkdir()
    (own / "gpus.yaml").write_text(changed('  source: "a test"\n', ""), encoding="utf-8")
    with pytest.raises(BadInput) as caught:
        load_matrices(own)
    assert str(caught.value) == f"{own}/gpus.yaml:3: row gpu-9.9, source: this key is missing; add it"


def test_an_overlay_that_is_absent_or_the_built_in_folder_adds_nothing(folder: Path, tmp_path: Path) -> None:
    (folder / "gpus.yaml").write_text(GPU, encoding="utf-8")
    assert load_matrices(tmp_path / "absent") == load_matrices(folder) == load_matrices()


RULE = """version: 1
rows:
- id: rule
  source: "x"
  code: numpy-abi
  severity: error
  when: {tensorflow: "<2.18", torch: ""}
  also: [tensorflow-cpu]
  needs: {numpy: "<2", Py_Torch.Helper: "!"}
  why: x
  cure: x
"""


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ('"<2.18"', '"<2,18"', 'expected a specifier such as ">=2,<3", found "<2,18"'),
        ('"<2"', '"2"', 'expected a specifier such as ">=2,<3", found "2"'),
        ("  why: x", '  gpus: "12.0"\n  why: x', 'expected a specifier such as ">=2,<3", found "12.0"'),
        ("  why: x", "  driver: newest\n  why: x", 'expected a specifier such as ">=2,<3", found "newest"'),
        ('torch: ""', 'python: ">=3.13"', 'expected a package, found "python"; name the pythons under `pythons`'),
        ("numpy:", "driver:", 'expected a package, found "driver"; name the drivers under `driver`'),
        (
            "numpy:",
            "cudnn:",
            'expected a package, found "cudnn"; name the distributions that bring it, such as nvidia-cudnn-cu12',
        ),
        ("[tensorflow-cpu]", '["tensorflow cpu"]', "'tensorflow cpu' is no name of a package"),
    ],
)
def test_a_condition_of_a_rule_that_says_nothing_is_refused(folder: Path, old: str, new: str, problem: str) -> None:
    assert old in RULE
    text = refusal(folder, "rules.yaml", RULE.replace(old, new, 1))
    assert text == f"matrices/rules.yaml:3: row rule: {problem}"


def test_a_rule_holds_of_the_further_distributions_that_it_names(folder: Path) -> None:
    (folder / "rules.yaml").write_text(RULE, encoding="utf-8")
    matrices = load_matrices()
    assert [(rule.id, rule.when, rule.also) for rule in matrices.rules] == [
        ("rule", {"tensorflow": "<2.18", "torch": ""}, ()),
        ("rule@tensorflow-cpu", {"tensorflow-cpu": "<2.18", "torch": ""}, ()),
    ]
    assert matrices.row("rule@tensorflow-cpu") is matrices.rules[1]
    assert [rule.needs for rule in matrices.rules] == [{"numpy": "<2", "py-torch-helper": "!"}] * 2


def test_a_digest_tells_every_field_and_no_default() -> None:
    row = GpuModels(id="gpu-9.9", source="a test", gpu="9.9", architecture="Test", products=("A",))
    # Locks hold such digests: a change here makes every lock stale.
    assert row_digest(row) == "288de9973e5af15d369338ccfafd87005a29d11374e80966bbae5186834c0a43"
    for field in ("id", "source", "architecture"):
        assert row_digest(msgspec.structs.replace(row, **{field: "other"})) != row_digest(row)
    assert row_digest(msgspec.structs.replace(row, products=())) != row_digest(row)

    class Later(GpuModels, frozen=True, kw_only=True):
        colour: str | None = None

    later = Later(id="gpu-9.9", source="a test", gpu="9.9", architecture="Test", products=("A",))
    assert row_digest(later) == row_digest(row)


def test_look_ups_of_the_shipped_rows() -> None:
    matrices = load_matrices()
    toolkit = matrices.toolkit("12.5.1")
    assert toolkit is not None and toolkit.id == "cuda-12.5"
    assert matrices.toolkit("12.7") is NOT_KNOWN
    torch = matrices.build("torch", "2.11.0+cu128", "linux-64")
    assert torch is not None and (torch.index, torch.cuda) == ("pytorch", "12.8")
    assert matrices.build("torch", "2.11.0+cu128", "win-64") is not torch
    cpu = matrices.build("tensorflow-cpu", "2.21.0", "linux-64")
    assert cpu is not None and cpu.cuda == "none"
    cudnn = [matrices.library("cudnn", 12, version) for version in ("8.9.7.29", "9.10.2.21", "9.28.0.42", None)]
    assert [None if row is None else len(row.sonames) for row in cudnn] == [7, 8, 10, 10]
    assert matrices.library("cudnn", 14) is NOT_KNOWN
    family = matrices.family(12)
    assert family is not None and family.driver == "525.60.13"
    companion = matrices.build("torchvision", "0.26.0", "linux-64")
    assert companion is not None and companion.cuda == "13.0"
    with pytest.raises(KeyError):
        matrices.row("no such row")
    assert matrices.digest("cuda-12.5") == row_digest(toolkit)


def test_the_built_in_folder_is_the_checkouts() -> None:
    assert matrices_dir() == ROOT / "matrices"
