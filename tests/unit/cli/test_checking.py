"""audit, with and without --fix, and doctor."""

from __future__ import annotations

import io
import json
import sys

import pytest
from user_folder import REQUEST

from solver.commands import doctor
from solver.core.machine import Gpu, Machine


def test_audit_says_no_with_1(folder, interlock):
    (folder / "requirements.txt").write_text("nvidia-cudnn-cu12==9.28.0.42\nnvidia-cudnn-cu13==9.26.0.51\n")
    code, out, _ = interlock("audit", "requirements.txt", "--json")
    findings = json.loads(out)["findings"]
    assert code == 1
    assert [finding["code"] for finding in findings] == ["clobber"]
    assert set(findings[0]) >= {"code", "severity", "packages", "why", "source", "cure"}


@pytest.mark.parametrize(
    ("pins", "codes"),
    [
        ("six==1.17.0\n", {"error": 0, "warning": 0, "note": 0}),
        ("torch==9.9.0\n", {"error": 0, "warning": 0, "note": 1}),
        ("tensorflow==2.19.0\n", {"error": 0, "warning": 1, "note": 1}),
        ("nvidia-cudnn-cu12==9.28.0.42\nnvidia-cudnn-cu13==9.26.0.51\n", {"error": 1, "warning": 1, "note": 1}),
    ],
)
def test_audit_fails_on_errors_or_on_what_it_is_told_to(folder, interlock, pins, codes):
    (folder / "requirements.txt").write_text(pins)
    assert {word: interlock("audit", "requirements.txt", "--fail-on", word)[0] for word in codes} == codes
    assert interlock("audit", "requirements.txt")[0] == codes["error"]


@pytest.mark.parametrize(
    ("accept", "code", "last"),
    [
        ("mixed-cuda/torch=it is not there", 1, "1 error"),
        ("clobber/nvidia-cudnn-cu12+nvidia-cudnn-cu13=the second is a stub", 0, "1 accepted"),
    ],
)
def test_what_is_accepted_fails_nothing(folder, interlock, accept, code, last):
    (folder / "requirements.txt").write_text("nvidia-cudnn-cu12==9.28.0.42\nnvidia-cudnn-cu13==9.26.0.51\n")
    told, out, _ = interlock("audit", "requirements.txt", "--fail-on", "note", "--accept", accept)
    assert (told, out.splitlines()[-1]) == (code, last)


def test_an_id_that_nothing_was_found_of_is_told(folder, interlock):
    (folder / "requirements.txt").write_text("opencv-python==4.10.0.84\n")
    _, _, err = interlock("audit", "requirements.txt", "--accept", "clobber/a+b=they were there")
    assert err == "interlock: clobber/a+b is accepted, and nothing was found of it\n"


@pytest.mark.parametrize(
    ("accept", "error"),
    [
        (
            "a b=why",
            "--accept: expected the id of a row, or a code and names such as mixed-cuda/tensorflow+torch, found 'a b'; "
            "--json tells the id of each finding",
        ),
        ("clobber/a+b", "--accept: expected a reason behind clobber/a+b; write clobber/a+b=why it does no harm"),
    ],
)
def test_what_accepts_nothing_is_refused(folder, interlock, accept, error):
    (folder / "requirements.txt").write_text("six==1.17.0\n")
    code, _, err = interlock("audit", "requirements.txt", "--accept", accept)
    assert (code, err) == (2, f"interlock: {error}\n")


def _feed(monkeypatch, data):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))


def test_audit_reads_the_standard_input(folder, interlock, monkeypatch):
    _feed(monkeypatch, b"nvidia-cudnn-cu12==9.28.0.42\nnvidia-cudnn-cu13==9.26.0.51\n")
    code, out, _ = interlock("audit", "-", "--json")
    assert (code, [finding["code"] for finding in json.loads(out)["findings"]]) == (1, ["clobber"])
    _feed(monkeypatch, b"six=1\n")
    code, _, err = interlock("audit", "-")
    assert (code, "standard input:1: expected a requirement such as name==1.2, found 'six=1'" in err) == (2, True)
    _feed(monkeypatch, b"\xff")
    code, _, err = interlock("audit", "-")
    assert (code, "standard input:1: is not UTF-8 text: byte 0 cannot be read" in err) == (2, True)


def test_fix_writes_what_came_by_the_standard_input_beside(folder, interlock, monkeypatch):
    _feed(monkeypatch, b"protobuf==5.28.0\ntensorflow==2.20.0\n")
    code, out, _ = interlock("audit", "--fix", "-", "--target", "driver=none")
    assert (code, out.splitlines()[0]) == (0, "wrote requirements.fixed.txt:")
    text = (folder / "requirements.fixed.txt").read_text()
    assert text.startswith("# was 5.28.0: protobuf-runtime: ")


def test_audit_of_nothing_is_of_the_active_environment(folder, interlock, monkeypatch):
    site = folder / "env" / "lib" / "python3.12" / "site-packages"
    for name, version in [("nvidia_cudnn_cu12", "9.28.0.42"), ("nvidia_cudnn_cu13", "9.26.0.51")]:
        info = site / f"{name}-{version}.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    (folder / "env" / "pyvenv.cfg").write_text("version = 3.12.3\n")
    monkeypatch.setenv("CONDA_PREFIX", str(folder / "nowhere"))
    monkeypatch.setenv("VIRTUAL_ENV", str(folder / "env"))
    code, out, _ = interlock("audit", "--json")
    packages = {package for finding in json.loads(out)["findings"] for package in finding["packages"]}
    assert (code, packages) == (1, {"nvidia-cudnn-cu12==9.28.0.42", "nvidia-cudnn-cu13==9.26.0.51"})


def test_audit_of_nothing_where_no_environment_is_active_says_what_to_give(folder, interlock, monkeypatch):
    monkeypatch.delenv("CONDA_PREFIX", raising=False)
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)
    assert interlock("audit") == (
        2,
        "",
        "interlock: name what to audit, since no environment is active (VIRTUAL_ENV, CONDA_PREFIX); "
        "expected one of: requirements.txt or pip freeze output, constraints.txt of Interlock, @EXPLICIT file, "
        "Dockerfile, "
        "compose.yaml, environment.yml, conda-lock.yml, pixi.lock, Pipfile, pyproject.toml, uv.lock, pdm.lock, "
        "poetry.lock, pylock.toml, Pipfile.lock, the output of conda list --export, pip list --format json, "
        "conda list --json, pip install --report, pip inspect, conda list, pip list, or an installed prefix\n",
    )


def test_doctor_says_no_without_a_driver(folder, interlock, monkeypatch):
    monkeypatch.setattr(doctor, "this_machine", lambda: Machine(driver=None, gpus=()))
    code, out, _ = interlock("doctor", "small", "--json")
    data = json.loads(out)
    assert code == 1
    assert data["profiles"] == [
        {"profile": "small", "problems": ["no NVIDIA driver answers; the frameworks would run on the CPU"]}
    ]


def test_doctor_as_text(folder, interlock, monkeypatch):
    gpu = Gpu(name="Some GPU", uuid="0" * 64, capability="9.0", memory=1)
    monkeypatch.setattr(doctor, "this_machine", lambda: Machine(driver="580.65.06", gpus=(gpu,)))
    monkeypatch.setattr("platform.libc_ver", lambda: ("", ""))
    monkeypatch.setattr(doctor, "this_processor", lambda: "x86-64-v3")
    assert interlock("doctor", "small") == (
        0,
        "this machine: Some GPU (9.0), driver 580.65.06, glibc not known, processor x86-64-v3\n  small: fine\n",
        "",
    )


def test_doctor_tells_of_the_machine_where_there_is_no_request(tmp_path, interlock, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(doctor, "this_machine", Machine)
    monkeypatch.setattr("platform.libc_ver", lambda: ("glibc", "2.36"))
    monkeypatch.setattr(doctor, "this_processor", lambda: "x86-64-v3")
    assert interlock("doctor") == (
        0,
        "this machine: no NVIDIA GPU, driver none, glibc 2.36, processor x86-64-v3\n"
        "there is no request here to hold against it; `interlock init` makes one\n",
        "",
    )
    assert interlock("doctor", "gpu")[0] == 2


def test_doctor_names_the_audit_to_who_gives_it_a_list(tmp_path, interlock, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "broken.txt").write_text("torch==2.6.0\n")
    said = "interlock: PROFILE: broken.txt is a file, and no profile; "
    told = (2, "", said + "`interlock audit broken.txt` says what is broken in it\n")
    assert interlock("doctor", "broken.txt") == told
    (tmp_path / "environment.yml.in").write_text(REQUEST)
    assert interlock("doctor", "broken.txt") == told


def test_a_file_that_is_called_toml_and_is_none_is_told_so(tmp_path, interlock):
    (tmp_path / "pylock.toml").write_text("not toml [")
    code, out, err = interlock("audit", tmp_path / "pylock.toml")
    assert (code, out) == (2, "")
    assert "pylock.toml:1: expected TOML, but " in err


def test_fix_tells_what_it_changed_and_what_is_left(folder, interlock):
    (folder / "requirements.txt").write_text("six==1.17.0\n")
    assert interlock("audit", "--fix", "requirements.txt") == (0, "requirements.txt: nothing to mend\n", "")
    (folder / "requirements.txt").write_text("protobuf==5.28.0\ntensorflow==2.20.0\n")
    code, out, _ = interlock("audit", "--fix", "requirements.txt", "--target", "driver=none")
    first, *lines = out.splitlines()
    assert (code, first) == (0, "wrote requirements.fixed.txt:")
    assert (folder / "requirements.txt").read_text() == "protobuf==5.28.0\ntensorflow==2.20.0\n"
    assert lines[lines.index("--- requirements.txt") + 1 :][:3] == [
        "+++ requirements.fixed.txt",
        next(line for line in lines if line.startswith("@@")),
        "-protobuf==5.28.0",
    ]
    assert interlock("audit", "--fix", "--in-place", "requirements.txt", "--target", "driver=none")[0] == 0
    assert (folder / "requirements.txt").read_text() == (folder / "requirements.fixed.txt").read_text()
    assert not any("asks for it" in line for line in lines)  # what the list leaves to pip stays left to it


def test_fix_of_an_open_list_adds_the_wheel_that_heals_it_and_pins_what_that_is_made_for(folder, interlock):
    (folder / "requirements.txt").write_text("torch\ntensorflow\nsix\n")
    target = ("--target", "python=3.12", "--target", "driver=580.65.06")
    code, out, _ = interlock("audit", "--fix", "requirements.txt", *target)
    wheel = next(line.split()[4][:-1] for line in out.splitlines() if "interlock-loader: not there ->" in line)
    written = [line for line in (folder / "requirements.fixed.txt").read_text().splitlines() if line[0] != "#"]
    assert (code, written) == (
        0,
        [
            "--find-links ./wheels",
            "torch==2.15.0",
            "tensorflow==2.21.0",
            "six",
            f"interlock-loader=={wheel}",
        ],
    )
    assert [path.name for path in (folder / "wheels").iterdir()] == [f"interlock_loader-{wheel}-py3-none-any.whl"]
    assert interlock("audit", "requirements.fixed.txt", *target)[0] == 0


def test_fix_of_an_environment_leaves_conda_what_conda_brings_and_open_lines_open(folder, interlock):
    lines = ["- python=3.12", "- numpy", "- pip", "- pip:", "  - torch==2.6.0", "  - tensorflow==2.18.0", "  - six"]
    (folder / "own.yml").write_text("dependencies:\n" + "\n".join(lines) + "\n")
    assert interlock("audit", "--fix", "own.yml")[0] == 0
    written = [line for line in (folder / "requirements.fixed.txt").read_text().splitlines() if line[0] != "#"]
    assert written == ["nvidia-cuda-nvcc-cu12==12.6.85", "six", "tensorflow==2.18.0", "torch==2.7.0"]


def test_fix_of_an_open_list_says_what_pip_would_choose_wrongly_and_no_more(folder, interlock):
    (folder / "requirements.txt").write_text("torch==2.15.0\ntensorflow==2.19.1\ntensorboard\n")
    code, out, _ = interlock("audit", "--fix", "requirements.txt", "--target", "python=3.12")
    moved = [line.split(":")[0].strip() for line in out.partition("\n--- ")[0].splitlines()[1:]]
    assert (code, moved) == (0, ["nvidia-cuda-nvcc-cu12", "setuptools", "tensorboard", "torch"])
    assert "\n+tensorboard==2.19.0\n" in out and "\n+setuptools==81.0.0\n" in out


def test_fix_that_finds_nothing_says_so(folder, interlock):
    # No build of any version that has a GPU is served by this driver.
    (folder / "requirements.txt").write_text("tensorflow==2.21.0\ntorch==2.10.0\n")
    assert interlock("audit", "--fix", "requirements.txt", "--target", "driver=410.48") == (
        1,
        "no set near to this one passes; `interlock explain` tells why two packages cannot live together\n",
        "",
    )
