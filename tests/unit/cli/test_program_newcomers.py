"""What strangers tried in their first hour, each from a folder of their own, and what they are told now."""

from __future__ import annotations

import hashlib
import json

import own_index
import pytest
from paths import ROOT

ENVIRONMENT = """\
name: research
channels: [conda-forge]
dependencies:
  - python=3.12
  - numpy
  - pandas
  - pip
  - pip:
      - torch
      - tensorflow
      - albumentations
      - wandb
"""
TORCH = """\
name: mine
dependencies:
  - python=${{python}}
  - pip
  - pip:
      - torch==${{torch}}{packages}
profiles:
  gpu: {{python: "3.12", torch: "2.9.1"}}
"""


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def request_of(folder, *packages):
    lines = "".join(f"\n      - {package}" for package in packages)
    (folder / "environment.yml.in").write_text(TORCH.format(packages=lines))


def test_an_audit_of_open_lines_says_what_breaks_and_fix_ends_as_an_audit_of_what_it_wrote_does(here, interlock):
    (here / "environment.yml").write_text(ENVIRONMENT)
    code, out, _ = interlock("audit", "environment.yml")
    heads = [line for line in out.splitlines() if not line.startswith(" ")]
    assert (code, heads[0], heads[-1]) == (
        1,
        "error crash-together: tensorflow==2.21.0, triton==3.9.0",
        "2 errors, 3 warnings, 1 note",
    )
    for mildest in ("error", "warning"):
        code, out, _ = interlock("audit", "--fix", "environment.yml", "--fail-on", mildest)
        assert out.splitlines()[0] == "wrote requirements.fixed.txt:"
        assert interlock("audit", "requirements.fixed.txt", "--fail-on", mildest)[0] == code == (mildest == "warning")


def test_a_plain_environment_is_no_request(here, interlock):
    (here / "environment.yml.in").write_text(ENVIRONMENT)
    told = "interlock: environment.yml.in:1: profiles: this key is missing; add it\n"
    assert interlock("lock") == (2, "", told)


def test_all_packages_that_are_missing_are_told_at_once(here, interlock):
    request_of(here, "albumentations", "wandb")
    assert interlock("lock") == (
        4,
        "",
        """\
interlock: it is not known whether gpu has a solution, because
  the request: albumentations  [profile gpu]
  the request: wandb  [profile gpu]
  albumentations: the snapshot does not hold it (without --offline the index is asked)  [the snapshot]
  wandb: the snapshot does not hold it (without --offline the index is asked)  [the snapshot]
would work: without albumentations and wandb -> python 3.12, cuda 12.8, cudnn 9.10.2.21, torch 2.9.1
""",
    )


def test_two_packages_that_write_the_same_files_are_told_with_the_one_to_leave_out(here, interlock):
    request_of(here, "opencv-python", "opencv-python-headless")
    code, out, err = interlock("lock")
    first, *_, one, other = err.splitlines()
    assert (code, out, first) == (3, "", "interlock: gpu has no solution, because")
    assert one.startswith("would work: without opencv-python -> python 3.12, ")
    assert other.startswith("would work: without opencv-python-headless -> python 3.12, ")


def test_explain_asks_the_index_for_what_nobody_recorded_and_begins_with_the_answer(index, interlock):
    words = ("own-tool", "torch==2.9.1", "python==3.12")
    code, out, _ = interlock("explain", *words)
    assert (code, out.splitlines()[0]) == (0, f"yes: {', '.join(words)} can live together")


def test_a_package_without_a_file_is_told_as_that_and_not_as_one_that_is_not_there(index, interlock, tmp_path):
    index.add_project("sources-only", {"sources_only-1.0.win32.exe": {"upload-time": "2026-01-01T00:00:00Z"}})
    request_of(tmp_path, "sources-only")
    code, out, err = interlock("lock")
    assert (code, out, err.splitlines()[:3]) == (
        3,
        "",
        [
            "interlock: gpu has no solution, because",
            "  the request: sources-only  [profile gpu]",
            "  sources-only: the package index has neither a wheel nor a source archive of it  [the package index]",
        ],
    )
    own_index.add(index, "own-tool", {"1.0": ["sources-only==1.*"]})
    request_of(tmp_path, "own-tool")
    assert "sources-only: the package index has neither a wheel nor a source archive of " in interlock("lock")[2]


def test_a_package_of_which_there_is_no_wheel_is_locked_as_its_source_archive(index, interlock, here):
    own_index.add_source(index, "antlr-like", {"4.9.3": "six\n", "4.10": "six\n"})
    own_index.add(index, "own-tool", {"1.0": ["antlr-like==4.9.*"]})
    request_of(here, "own-tool")
    code, out, _ = interlock("lock")
    assert code == 0
    by_pip = "packages by pip (built from source where it is installed: antlr-like), 27 packages by conda"
    assert out.splitlines()[0].endswith(by_pip)
    lines = (here / "locks/gpu/requirements.txt").read_text().splitlines()
    digest = hashlib.sha256(index.answers["/files/antlr-like-4.9.3.tar.gz"].body).hexdigest()
    assert [line for line in lines if "antlr" in line or digest in line] == [
        "--no-binary antlr-like",
        "antlr-like==4.9.3 \\",
        f"    --hash=sha256:{digest}",
    ]
    whole = own_index.files(here / "locks")
    assert interlock("audit", "locks/gpu")[0] == 0
    assert interlock("lock", "--check") == (0, "gpu: fresh\n", "")
    index.answers.clear()
    assert (interlock("lock", "--offline")[0], own_index.files(here / "locks")) == (0, whole)


def test_gpu_code_that_has_to_be_built_is_not_known_well_enough_to_be_locked(index, interlock, here):
    own_index.add_source(index, "flash-attn", {"2.8.3": "torch\n"})
    request_of(here, "flash-attn")
    code, _, err = interlock("lock")
    assert (code, err.splitlines()[2]) == (
        4,
        "  flash-attn 2.8.3: not known well enough to be chosen: it has no wheel, and for which CUDA and which GPUs "
        "it has code is up to the machine that builds it  [the package index]",
    )


def test_a_name_that_was_taken_for_another_project_is_not_built(index, interlock, here):
    own_index.add_source(index, "sklearn", {"0.0": ""})
    request_of(here, "sklearn")
    code, _, err = interlock("lock")
    assert (code, err.splitlines()[2]) == (
        3,
        "  sklearn: the package index has no wheel of it, and who says sklearn means scikit-learn; "
        "did you mean scikit-learn?  [the package index]",
    )


def test_a_release_with_a_wheel_goes_before_a_newer_one_that_has_to_be_built(index, interlock, here):
    own_index.add_source(index, "mixed", {"2.0": ""})
    newer = json.loads(index.answers["/simple/mixed/"].body)["files"]
    own_index.add(index, "mixed", {"1.0": []})
    listing = json.loads(index.answers["/simple/mixed/"].body)
    index.answers["/simple/mixed/"].body = json.dumps({**listing, "files": listing["files"] + newer}).encode()
    request_of(here, "mixed")
    assert interlock("lock")[0] == 0
    assert "mixed==1.0 " in (here / "locks/gpu/requirements.txt").read_text()


def test_an_unfinished_merge_in_a_lock_is_told_by_check_and_mended_by_lock(here, interlock):
    request_of(here)
    assert interlock("lock", "--no-pylock")[0] == 0
    file = here / "locks" / "gpu" / "solution.yaml"
    whole = file.read_text()
    file.write_text(whole.replace("version:", "<<<<<<< HEAD\nversion: 0\n=======\nversion:", 1))
    line = file.read_text().splitlines().index("<<<<<<< HEAD") + 1
    assert interlock("lock", "--check") == (
        1,
        f"gpu: it cannot be read: locks/gpu/solution.yaml:{line}: holds the marks of a merge that nobody finished; "
        "keep one side of it, and take the marks out\n",
        "",
    )
    assert interlock("lock", "--no-pylock")[0] == 0
    assert file.read_text() == whole


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("verify", "--predict", "--gpu", "12.0", "--driver", "580"), "locks: there is no lock here; make one with "),
        (("explain", "tensorflow", "2.19", "torch"), "-c: '2.19' is a version, and no package; did you mean tensor"),
        (("lock",), "environment.yml.in: there is no request here; `interlock init` makes one"),
    ],
    ids=lambda value: value[0],
)
def test_what_has_nothing_to_work_on_says_so(here, interlock, words, told):
    code, out, err = interlock(*words)
    assert (code, out) == (2, "")
    assert err.startswith(f"interlock: {told}")


@pytest.mark.parametrize(
    ("slip", "meant"),
    [("tensorflwo", "tensorflow"), ("pytorch", "torch"), ("cv2", "opencv-python")],
)
def test_a_misspelt_package_gets_a_near_name(here, interlock, slip, meant):
    code, out, _ = interlock("explain", slip)
    assert (code, out.splitlines()[0]) == (4, f"not known whether {slip} can be installed, because")
    told = f"  {slip}: the snapshot does not hold it; did you mean {meant}? (without --offline the index is asked)"
    assert told in out.splitlines()
    assert "would work" not in out  # without it nothing is asked any more
    assert "\nwould work: without " in interlock("explain", slip, "torch==2.9.1", "python==3.12")[1]


@pytest.mark.parametrize(
    ("machine", "answer"),
    [
        (("driver==470.256.02",), "  cuda        11.8 "),
        (("driver==535.183.01", "gpu=H100"), "  cuda        12."),
        (("driver=525", "gpu=A100"), "  cuda        12."),
    ],
)
def test_which_pair_a_driver_can_have(here, interlock, machine, answer):
    words = [word for one in (*machine, "torch", "tensorflow", "python==3.11") for word in ("-c", one)]
    code, out, err = interlock("solve", *words)
    assert (code, err) == (0, "")
    # Under the line on the target stands what was made of the driver's words.
    told = [line for line in out.splitlines() if not line.startswith("  note: driver")]
    assert told[1].startswith(answer)


def test_no_frameworks_no_health(here, interlock):
    (here / "list.txt").write_text("# nothing\n")
    assert interlock("audit", "list.txt") == (
        0,
        "nothing found: the set holds neither TensorFlow nor torch nor JAX; "
        "only requirements and wheels of 0 packages were checked\n",
        "",
    )


def test_several_kinds_of_nodes_share_one_lock(here, interlock):
    text = TORCH.format(packages="\n      - tensorflow==${tensorflow}").replace('torch: "2.9.1"', NODES)
    (here / "environment.yml.in").write_text(text)
    code, out, err = interlock("lock", "--no-pylock")
    assert (code, err) == (
        0,
        "gpu: driver 535 means 535.54.03, the first release of its branch to come with CUDA 12.2\n",
    )
    assert out.startswith("gpu: tensorflow 2.21.0, torch 2.10.0, python 3.12, cuda 12.8, ")
    # A copy of what was locked is judged as the lock itself is.
    (here / "copy.txt").write_bytes((here / "locks" / "gpu" / "requirements.txt").read_bytes())
    code, of_lock, _ = interlock("audit", "locks/gpu/requirements.txt")
    assert interlock("audit", "copy.txt") == (code, of_lock, "") and code == 0


NODES = 'gpu: [V100, A100, L40S, H100], driver: ">=535"'


def test_a_gpu_that_no_set_serves_is_told_with_what_would_work(here, interlock):
    words = ("torch", "tensorflow", "python==3.12", "gpu==12.0", "driver==535.183.01")
    code, out, err = interlock("explain", *words)
    lines = out.splitlines()
    assert (code, err, lines[0]) == (1, "", f"no: {', '.join(words)} cannot live together, because")
    assert any(line.startswith("  tensorflow ") and "PTX" in line for line in lines)
    assert "would work: tensorflow: {cuda: none} and driver>=570.26" in lines


def test_what_nobody_recorded_is_not_called_impossible(here, interlock):
    code, out, _ = interlock("explain", "torch==2.9.1", "cupy-cuda12x", "python==3.12")
    lines = out.splitlines()
    assert (code, lines[0]) == (
        4,
        "not known whether torch==2.9.1, cupy-cuda12x, python==3.12 can live together, because",
    )
    assert "  cupy-cuda12x: the snapshot does not hold it (without --offline the index is asked)" in lines
    assert "would work: without cupy-cuda12x" in lines


def test_an_extra_brings_what_it_asks_for(here, interlock):
    code, out, _ = interlock("explain", "jax[cuda12]==0.6.0", "python==3.12")
    assert (code, out.splitlines()[0]) == (0, "yes: jax[cuda12]==0.6.0, python==3.12 can live together")
    assert any(line.startswith("    jax-cuda12-plugin==0.6.0 ") for line in out.splitlines())


def test_a_part_of_a_profile_without_frameworks_is_that_profile(here, interlock):
    text = TORCH.format(packages="").replace("torch==${torch}", "pandas").replace('torch: "2.9.1"', "frameworks: []")
    (here / "environment.yml.in").write_text(text + "  part: {variant-of: gpu, frameworks: []}\n")
    code, out, err = interlock("lock", "--no-pylock")
    gpu, part, _ = out.splitlines()
    assert (code, err, part.removeprefix("part: ")) == (0, "", gpu.removeprefix("gpu: "))


def test_an_image_needs_its_base_and_an_admission_its_evidence(here, interlock):
    request_of(here)
    assert interlock("lock", "--no-pylock")[0] == 0
    code, out, err = interlock("export", "dockerfile", "gpu", "--compose")
    assert (code, out) == (2, "")
    assert " profiles.gpu.image: names no base image, and a digest is never made up; write image: {base: " in err
    (here / "empty").mkdir()
    said = "interlock: empty: --admit: holds no evidence; name the folder that verify --out wrote\n"
    assert interlock("verify", "--admit", "empty") == (2, "", said)


UNREADABLE = {
    "tab.yml": (b"a:\n\t- x\n", "2: is not YAML: found character that cannot start any token"),
    "list.bin": (b"\x80\x04", "1: is not UTF-8 text: byte 0 cannot be read; expected one of: requirements.txt or "),
    "pylock.toml": (b"not toml [", "1: expected TOML, but Expected '=' after a key in a key/value pair"),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_a_file_that_cannot_be_read_is_told_with_its_line(here, interlock, name):
    content, told = UNREADABLE[name]
    (here / name).write_bytes(content)
    code, out, err = interlock("audit", name)
    assert (code, out) == (2, "")
    assert err.replace(f"{here}/", "").startswith(f"interlock: {name}:{told}")


def test_where_nothing_can_be_written_the_place_is_told(here, interlock):
    request_of(here)
    (here / "locks").write_text("")
    code, out, err = interlock("lock", "--no-pylock")
    told = f"interlock: {here}/locks: File exists; name something else, or move it away\n"
    assert (code, out, err) == (2, "", told)


def test_the_example_of_the_documentation_locks_as_printed(here, interlock):
    example = (ROOT / "docs" / "request.md").read_text().partition("```yaml\n")[2].partition("```")[0]
    (here / "environment.yml.in").write_text(example)
    code, out, err = interlock("lock", "--no-pylock")
    assert (code, err) == (
        0,
        "gpu: driver 550 means 550.54.14, the first release of its branch to come with CUDA 12.4\n",
    )
    assert [line.split(" ", 1)[0] for line in out.splitlines()] == ["gpu:", "cpu:", "written"]
    assert "name: my-project-gpu\n" in (here / "locks" / "gpu" / "environment.yml").read_text()
