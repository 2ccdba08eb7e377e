"""lock: what is written, what is told, and what a check finds."""

from __future__ import annotations

import json
import os
import subprocess
import sys

from paths import ROOT
from user_folder import REQUEST, written

from solver.core.errors import IndexUnavailable
from solver.index.pypi import PypiIndex

HALF = (
    "{}: conda chooses the builds of python and pip, since the snapshot holds nothing for linux-64 of this channel: "
    "nowhere; run the command with --live to ask the index, or `interlock refresh` to record it\n"
)


def test_lock_writes_what_it_says_and_check_finds_it_fresh(folder, interlock):
    code, out, err = interlock("lock", "small", "smaller", "--no-pylock")
    assert (code, err) == (0, HALF.format("small") + HALF.format("smaller"))
    assert out.startswith("small: torch 2.9.1, python 3.12, cuda 12.8, cudnn 9.10.2.21; ")
    names = {
        f"locks/{name}/{file}"
        for name in ("small", "smaller")
        for file in ("environment.yml", "requirements.txt", "solution.yaml")
    }
    assert written(folder) == names
    assert interlock("lock", "--check", "small", "smaller") == (0, "small: fresh\nsmaller: fresh\n", "")
    code, again, _ = interlock("lock", "small", "--no-pylock")
    said = "written to locks/small; `interlock install small PREFIX --python PYTHON` installs it\n"
    assert (code, again) == (0, out.splitlines()[0] + f" (unchanged)\n{said}")
    assert out.splitlines()[2:] == [
        "written to locks/small, locks/smaller; `interlock install small PREFIX --python PYTHON` installs one"
    ]


def test_no_lock_goes_without_the_conda_packages_that_were_asked_for(folder, interlock):
    text = REQUEST.replace("  - pip\n", "  - pip\n  - pandas>=2\n  - ffmpeg\n", 1)
    (folder / "environment.yml.in").write_text(text)
    said = (
        "interlock: small: pandas>=2 and ffmpeg would be missing, since the snapshot holds nothing for linux-64 of "
        "this channel: nowhere; ask the channels with --live, or move them under pip:\n"
    )
    assert interlock("lock", "small", "--no-pylock") == (4, "", said)
    assert written(folder) == set()


def test_check_says_no_and_writes_nothing(folder, interlock):
    assert interlock("lock", "--check", "small") == (1, "small: it was never made\n", "")
    assert written(folder) == set()
    interlock("lock", "small", "--no-pylock")
    path = folder / "locks" / "small" / "requirements.txt"
    path.write_text(path.read_text().replace("torch==2.9.1", "torch==2.9.2"))
    assert interlock("lock", "--check", "small") == (1, "small: its files were changed\n", "")
    assert "torch==2.9.2" in path.read_text()


def test_two_runs_at_once_write_whole_folders_of_one_kind(folder, interlock):
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "solver", "lock", "small", "--no-pylock"]
    runs = [subprocess.Popen(command, cwd=folder, env=environ, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    outs = [run.communicate()[0].splitlines() for run in runs]
    assert [run.returncode for run in runs] == [0, 0]
    assert outs[0][0].removesuffix(" (unchanged)") == outs[1][0].removesuffix(" (unchanged)")
    names = {f"locks/small/{file}" for file in ("environment.yml", "requirements.txt", "solution.yaml")}
    assert written(folder) == names
    assert interlock("lock", "--check", "small") == (0, "small: fresh\n", "")


def test_check_as_json(folder, interlock):
    interlock("lock", "small", "--no-pylock")
    code, out, err = interlock("lock", "--check", "small", "smaller", "--json")
    fresh = {"profile": "small", "state": "fresh", "reasons": []}
    stale = {"profile": "smaller", "state": "stale", "reasons": ["it was never made"]}
    assert (code, err, json.loads(out)) == (1, "", {"version": 1, "locks": [fresh, stale]})
    said = "interlock: --json: is known with --check alone; add --check, or leave it out\n"
    assert interlock("lock", "small", "--json") == (2, "", said)


def test_a_lock_for_python_3_10_comes_out_of_this_python(folder, interlock):
    (folder / "environment.yml.in").write_text(REQUEST.replace('small: {python: "3.12"', 'small: {python: "3.10"'))
    assert interlock("lock", "small", "--no-pylock")[0] == 0
    text = (folder / "locks" / "small" / "requirements.txt").read_text()
    assert "# For python 3.10, linux-64, glibc >= 2.28, NVIDIA driver >= 525.60.13." in text


def test_an_impossible_profile_stops_no_other(folder, interlock):
    code, out, err = interlock("lock", "never", "small", "--no-pylock")
    assert code == 3
    assert out.startswith("small: torch 2.9.1")
    assert err.startswith("interlock: never has no solution, because\n  the request: torch==2.15.0  [profile never]\n")
    assert {name.split("/")[1] for name in written(folder)} == {"small"}


def test_pylock_waits_for_the_index(folder, interlock, monkeypatch):
    def silent(*_):
        raise IndexUnavailable("the package index did not answer")

    monkeypatch.setattr(PypiIndex, "releases", silent)
    code, _, err = interlock("lock", "small", "--pylock")
    assert code == 4
    assert (
        err
        == HALF.format("small")
        + "pylock.toml not written, it needs the index for addresses: the package index did not answer\n"
    )
    assert written(folder) == {
        f"locks/small/{name}" for name in ("environment.yml", "requirements.txt", "solution.yaml")
    }


def test_pylock_is_written_unasked_once_its_addresses_are_at_hand(folder, interlock, monkeypatch):
    asked = []

    def source(_, file):
        asked.append(file.filename)
        return f"https://files.example/{file.filename}?token=secret"

    monkeypatch.setattr(PypiIndex, "releases", lambda *_: ())
    monkeypatch.setattr(PypiIndex, "source", source)
    assert interlock("lock", "small")[2] == HALF.format("small")
    assert asked == []
    assert interlock("lock", "small", "--pylock")[2] == HALF.format("small")
    path = folder / "locks" / "small" / "pylock.toml"
    text = path.read_text(encoding="utf-8")
    assert all(f'url = "https://files.example/{name}"' in text for name in asked)
    path.unlink()
    asked.clear()
    assert interlock("lock", "small")[2] == HALF.format("small")
    assert (path.read_text(encoding="utf-8"), asked) == (text, [])


def test_check_tells_the_lock_of_a_profile_that_is_gone(folder, interlock):
    assert interlock("lock", "small", "--no-pylock")[0] == 0
    request = folder / "environment.yml.in"
    text = request.read_text().replace("variant-of: small", "variant-of: other")
    request.write_text(text.replace("  small:", "  other:"))
    code, out, err = interlock("lock", "--check")
    gone = "small: the request has no such profile any more; write it again, or remove the folder"
    assert (code, out.splitlines()[0], out.splitlines()[-1], err) == (1, "other: it was never made", gone, "")


LED = """\
channels: [nowhere]
dependencies:
  - python=${python}
  - pip:
      - tensorflow==${tensorflow}
profiles:
  led: {python: "3.12", loader: activation}
  shared: {python: "3.12", frameworks: [tensorflow], gpu_sharing: {tensorflow_limit_mb: 4096}}
"""


def test_without_our_loader_no_wheel_of_ours_is_in_the_lock(folder, interlock):
    (folder / "environment.yml.in").write_text(LED)
    code, out, err = interlock("lock", "led", "--no-pylock", "--no-loader")
    assert (code, err) == (
        0,
        HALF.format("led") + "the next `lock` leaves the loader out too where the request says loader: none\n",
    )
    assert out.startswith("led: tensorflow 2.20.0, ")
    assert not list((folder / "locks" / "led").glob("wheels/*"))
    assert interlock("lock", "--check", "led") == (0, "led: fresh\n", "")
    assert interlock("lock", "--check", "--no-loader", "led") == (0, "led: fresh\n", "")
    made = (folder / "locks" / "led" / "solution.yaml").read_text()
    assert made.startswith("# Made by `interlock lock led --no-loader`; do not edit.\n")
    (folder / "environment.yml.in").write_text(LED.replace("led: {", "led: {glibc: '2.31', "))
    assert interlock("lock", "--check", "led") == (1, "led: the request was changed\n", "")
    (folder / "environment.yml.in").write_text(LED.replace("loader: activation", "loader: none"))
    assert interlock("lock", "led", "--no-pylock")[0] == 0
    (folder / "environment.yml.in").write_text(LED)
    assert interlock("lock", "--check", "led") == (1, "led: the request was changed\n", "")
    (folder / "environment.yml.in").write_text(LED)
    code, out, _ = interlock("solve", "led", "--no-loader")
    assert (code, "tensorflow==2.20.0" in out) == (0, True)
    code, out, _ = interlock("explain", "--profile", "led", "--no-loader")
    assert (code, "(loader: wheel) the set would have TensorFlow 2.21.0" in out) == (0, True)


def test_what_comes_by_our_loader_cannot_go_without_it(folder, interlock):
    (folder / "environment.yml.in").write_text(LED)
    said = (
        "interlock: --no-loader: shared has gpu_sharing.tensorflow_limit_mb, which needs a module that comes with the "
        "loader; leave it out, or drop that key\n"
    )
    assert interlock("lock", "shared", "--no-pylock", "--no-loader") == (2, "", said)


def test_a_lock_whose_activation_leads_says_what_that_means(folder, interlock):
    (folder / "environment.yml.in").write_text(LED)
    assert interlock("lock", "led", "--no-pylock")[0] == 0
    text = (folder / "locks" / "led" / "environment.yml").read_text()
    assert (
        "# Activating it puts the folders of its CUDA libraries on LD_LIBRARY_PATH, by which TensorFlow finds them.\n"
        "# Every other program that is started in it looks there first, too; and a python that is started without an "
        "activation (by a notebook's server, a service, an editor) sees no GPU in TensorFlow.\n"
    ) in text
    (wheel,) = (folder / "locks" / "led" / "wheels").iterdir()
    assert ".activation." in wheel.name
    assert interlock("audit", "locks/led/requirements.txt")[0] == 0
