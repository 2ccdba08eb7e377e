"""A Dockerfile out of a lock: what it says, and what a linter says of it."""

from __future__ import annotations

import dataclasses
import shutil
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
import yaml
from paths import ROOT
from sealed import seal

from solver.commands import export as exports
from solver.commands.lock import make_lock, write_lock
from solver.commands.project import Project, open_project
from solver.core.errors import BadInput
from solver.core.model import Image

# No image has this digest: a real one would be stale by tomorrow and nothing here asks for it.
IMAGE = Image(base="python:3.12-slim-bookworm", digest="sha256:" + "0" * 64, glibc="2.36")
HADOLINT = shutil.which("hadolint", path=str(Path(sys.executable).parent)) or shutil.which("hadolint")


@pytest.fixture(scope="module")
def project() -> Project:
    opened = open_project(ROOT)
    named = [msgspec.structs.replace(profile, image=IMAGE) for profile in opened.request.profiles]
    request = msgspec.structs.replace(opened.request, profiles=tuple(named))
    return Project(**{**vars(opened), "request": request})


MADE: dict[str, dict[str, str]] = {}


def made(project: Project, name: str) -> dict[str, str]:
    """The exported files of a committed lock."""
    if name not in MADE:
        files = exports.export(project, name, "dockerfile", compose=True)
        MADE[name] = {
            key: text if isinstance(text, str) else text.decode("utf-8", "replace") for key, text in files.items()
        }
    return MADE[name]


def lines(text: str) -> list[str]:
    """The instructions, continued lines joined."""
    whole = text.replace(" \\\n", " ").splitlines()
    return [" ".join(line.split()) for line in whole if line and not line.startswith("#")]


@pytest.fixture(scope="module")
def full(project) -> dict[str, str]:
    return made(project, "full-py312")


def test_stages_are_ordered_from_what_is_shared_to_what_is_not(full):
    text = lines(full["Dockerfile"])
    assert [line for line in text if line.startswith("FROM")] == [
        f"FROM {IMAGE.base}@{IMAGE.digest} AS start",
        "FROM start AS base",
        "FROM base AS packages",
        "FROM packages AS image",
    ]
    assert text.index("COPY requirements-base.txt /opt/interlock/lock/") < text.index(
        "COPY requirements.txt /opt/interlock/lock/"
    )


def test_everything_is_hashed_and_nothing_is_built(full):
    installs = [line for line in lines(full["Dockerfile"]) if "pip install" in line]
    assert len(installs) == 2
    assert all("--require-hashes" in line and "--only-binary :all:" in line for line in installs)
    assert not any(word in full["Dockerfile"] for word in ("apt-get", "gcc", "build-essential", "curl", "wget"))


def test_the_image_runs_as_nobody_special_and_checks_itself(full):
    text = lines(full["Dockerfile"])
    assert [line for line in text if line.startswith("USER")][-1] == "USER 10001:10001"
    check = 'HEALTHCHECK --interval=10m --timeout=5m --start-period=10m --retries=2 CMD ["/bin/sh", '
    assert check + '"/opt/interlock/check.sh", "health"]' in text
    assert 'ENTRYPOINT ["/bin/sh", "/opt/interlock/entry.sh"]' in text
    assert 'orders="torch tensorflow torch,tensorflow tensorflow,torch"' in full["check.sh"]
    assert {"interlock_probe/__main__.py", "interlock_probe/recorder.py"} <= set(full)


def test_variables_of_the_lock_are_set_and_the_driver_is_let_in(project, tmp_path):
    odd = 'two words, a "quote" and $HOME'
    locks = tmp_path / "locks"
    shutil.copytree(ROOT / "locks" / "full-py312", locks / "full-py312")
    solution = locks / "full-py312" / "solution.yaml"
    data = yaml.safe_load(solution.read_text(encoding="utf-8"))
    data["variables"]["ODD"] = odd
    solution.write_text(yaml.safe_dump(data, sort_keys=False), encoding="utf-8")
    seal(locks / "full-py312")
    files = exports.export(dataclasses.replace(project, root=tmp_path), "full-py312", "dockerfile")
    text = files["Dockerfile"].decode()
    assert 'ODD="two words, a \\"quote\\" and \\$HOME"' in text
    assert "TF_FORCE_GPU_ALLOW_GROWTH=true" in text
    assert "NVIDIA_VISIBLE_DEVICES=all" in text


def test_an_image_has_what_an_activation_would_set(project, tmp_path):
    """Nobody activates anything in an image."""
    opened = dataclasses.replace(project, root=tmp_path)
    profile = msgspec.structs.replace(project.profile("full-py312"), loader="activation")
    write_lock(opened, make_lock(opened, profile))
    text = exports.export(opened, "full-py312", "dockerfile")["Dockerfile"].decode()
    site = "/opt/env/lib/python3.12/site-packages/nvidia"
    folders = ":".join(f"{site}/{name}/lib" for name in ("cublas", "nvjitlink", "cusparse", "cusolver"))
    assert f"LD_LIBRARY_PATH={folders} " in text.replace("\n", " ")
    assert f'XLA_FLAGS="--xla_gpu_cuda_data_dir=\\"{site}/cuda_nvcc\\""' in text


def test_variants_share_one_base_layer(project, full):
    variants = [made(project, f"full-py312-{kind}") for kind in ("tf", "torch")]
    assert {files["requirements-base.txt"] for files in variants} == {full["requirements-base.txt"]}

    def until_base(files: dict[str, str]) -> list[str]:
        text = lines(files["Dockerfile"])
        return text[: text.index("FROM base AS packages")]

    assert until_base(variants[0]) == until_base(variants[1]) == until_base(full)
    assert "tensorflow==" not in full["requirements-base.txt"]
    assert "nvidia-cudnn-cu12==" in full["requirements-base.txt"]


def test_every_line_of_the_base_layer_stands_in_the_lock(full):
    def pins(text: str) -> set[str]:
        return {line for line in text.splitlines() if line and not line.startswith(("#", "--find"))}

    assert pins(full["requirements-base.txt"]) < pins(full["requirements.txt"])


def test_jupyter_is_started_where_the_profile_has_it(project, full):
    text = made(project, "full-py312-ds")
    assert "EXPOSE 8888" in lines(text["Dockerfile"])
    assert 'CMD ["jupyter", "lab", "--ip=0.0.0.0", "--port=8888", "--no-browser"]' in lines(text["Dockerfile"])
    assert yaml.safe_load(text["compose.yaml"])["services"]["full-py312-ds"]["ports"] == ["127.0.0.1:8888:8888"]
    assert 'CMD ["python"]' in lines(full["Dockerfile"])


def test_compose_reserves_the_gpu_where_the_lock_is_for_one(project, full):
    device = {"driver": "nvidia", "count": "all", "capabilities": ["gpu"]}
    service = {"build": {"context": "."}, "image": "full-py312"}
    assert yaml.safe_load(full["compose.yaml"]) == {
        "services": {"full-py312": {**service, "deploy": {"resources": {"reservations": {"devices": [device]}}}}}
    }
    cpu = made(project, "full-py312-cpu")
    assert "deploy" not in yaml.safe_load(cpu["compose.yaml"])["services"]["full-py312-cpu"]
    assert "NVIDIA_" not in cpu["Dockerfile"]


def test_a_conda_lock_is_installed_from_its_explicit_file(project):
    files = made(project, "full-py312-conda")
    assert "COPY linux-64.lock /opt/interlock/lock/" in lines(files["Dockerfile"])
    assert "@EXPLICIT" in files["linux-64.lock"]
    assert "pip install" not in files["Dockerfile"]


def test_without_a_base_image_it_says_how_to_find_one():
    opened = open_project(ROOT)
    with pytest.raises(BadInput) as caught:
        exports.export(opened, "full-py312-tf", "dockerfile")
    place = opened.request.lines["profiles.full-py312-tf"]
    assert caught.value.exit_code == 2
    assert str(caught.value).removeprefix(f"{ROOT}/") == (
        f"environment.yml.in:{place}: profiles.full-py312.image: names no base image, and a digest is never made up; "
        "write image: {base: NAME:TAG, digest: sha256:…, glibc: 2.NN}; "
        "`docker buildx imagetools inspect python:3.12-slim` tells the digest, "
        "`docker run --rm python:3.12-slim ldd --version` the glibc"
    )


def test_there_is_no_image_of_a_windows_lock(project):
    with pytest.raises(BadInput, match="there are no images for win-64"):
        made(project, "tf2.10-cu117-win")


@pytest.mark.skipif(HADOLINT is None, reason="hadolint is not there")
@pytest.mark.parametrize("name", ["full-py312", "full-py312-base", "full-py312-ds", "full-py312-conda", "tf2.9-cu113"])
def test_the_linter_finds_nothing(project, tmp_path, name):
    path = tmp_path / "Dockerfile"
    path.write_text(made(project, name)["Dockerfile"])
    command = [str(HADOLINT), "--no-color", "--failure-threshold", "style", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.stdout + done.stderr, done.returncode) == ("", 0)


@pytest.mark.skipif(HADOLINT is None, reason="hadolint is not there")
def test_the_linter_does_find_faults(tmp_path):
    path = tmp_path / "Dockerfile"
    path.write_text("FROM debian\nRUN apt-get install gcc\nUSER root\n")
    done = subprocess.run([str(HADOLINT), "--no-color", str(path)], capture_output=True, text=True, check=False)
    assert {"DL3006", "DL3002", "DL3008"} <= set(done.stdout.replace("\n", " ").split())


def test_a_profile_is_exported_with_its_shell_scripts_sound(full, tmp_path):
    for name in ("check.sh", "entry.sh"):
        (tmp_path / name).write_text(full[name])
        assert subprocess.run(["sh", "-n", str(tmp_path / name)], check=False).returncode == 0
    done = subprocess.run(["sh", str(tmp_path / "check.sh"), "nonsense"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (
        2, "interlock: no check is called nonsense; use health, imports, full, auto or off\n",
    )  # fmt: skip
    assert subprocess.run(["sh", str(tmp_path / "check.sh"), "off"], check=False).returncode == 0
