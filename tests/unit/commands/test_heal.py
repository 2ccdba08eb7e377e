"""heal: what it puts into an environment, tries, and takes out again."""

from __future__ import annotations

import json
import sys
import venv
from pathlib import Path

import pytest
from click.testing import CliRunner

from solver.cli.program import interlock
from solver.commands import heal as command
from solver.core.errors import BadInput, CheckFailed
from solver.lock.install import pip
from solver.proof.evidence import Check, ProbeResult

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="RTLD_GLOBAL is asked for on Linux only")

PLAIN = {"tensorflow": "2.21.0", "torch": "2.15.0", "triton": "3.9.0", "nvidia-cuda-runtime": "13.2.86"}
HEALS = ["crash-triton-tensorflow", "captured-cuda-tensorflow-torch"]


def add(site: Path, name: str, version: str) -> None:
    info = site / f"{name.replace('-', '_')}-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    (info / "RECORD").write_text("")
    if name in ("tensorflow", "torch", "triton"):
        (site / f"{name}.py").write_text("")


def environment(folder: Path, packages: dict[str, str]) -> Path:
    venv.create(folder, with_pip=False, symlinks=True)
    for name, version in packages.items():
        add(site_packages(folder), name, version)
    return folder


def site_packages(prefix: Path) -> Path:
    return next((prefix / "lib").glob("python*/site-packages"))


def loaders(prefix: Path) -> list[str]:
    return [path.name.split("-")[1].removesuffix(".dist") for path in site_packages(prefix).glob("interlock_loader-*")]


@pytest.fixture
def probes(monkeypatch):
    """The orders that were probed; every probe ends as ``probes.ended`` says."""

    class Probes(list):
        ended = "finished"
        checks = ()

    seen = Probes()

    def run(python, order, **_):
        seen.append("-".join(order))
        return ProbeResult(
            order=order, ended=seen.ended, seconds=0.1, checks=seen.checks, last_lines=("LLVM ERROR: twice",)
        )

    monkeypatch.setattr(command, "run_probe", run)
    return seen


def test_the_plain_set_is_healed_and_given_back(tmp_path, probes):
    prefix = environment(tmp_path / "env", PLAIN)
    done = command.heal(tmp_path, prefix)
    assert [breach.rule.id for breach in done.breaches] == HEALS
    assert done.probes == ("torch", "tensorflow", "torch-tensorflow", "tensorflow-torch") == tuple(probes)
    assert loaders(prefix) == [done.loader]
    assert "symbols" in str(done.loader).split(".")
    again = command.heal(tmp_path, prefix)
    assert (again.loader, again.probes, len(probes)) == (done.loader, (), 4)
    assert command.undo(tmp_path, prefix).loader is None
    assert loaders(prefix) == []
    assert not list(site_packages(prefix).glob("*interlock*"))


def test_what_fails_with_the_loader_too_is_left_as_it_was(tmp_path, probes):
    prefix = environment(tmp_path / "env", PLAIN)
    probes.ended = "killed"
    with pytest.raises(CheckFailed) as refused:
        command.heal(tmp_path, prefix)
    assert str(refused.value) == (
        f"importing torch fails in {prefix} with interlock-loader too, which is taken out again: LLVM ERROR: twice"
    )
    assert loaders(prefix) == []
    assert not list(prefix.glob("share/interlock/healed.json"))


def failed(name: str, detail: str) -> Check:
    return Check(name=name, status="failed", figure=None, tolerance=None, seconds=0.1, detail=detail)


def test_a_check_that_fails_is_named(tmp_path, probes):
    prefix = environment(tmp_path / "env", PLAIN)
    probes.checks = (failed("libraries", "from outside"), failed("torch.import", "ImportError: no"))
    with pytest.raises(CheckFailed) as refused:
        command.heal(tmp_path, prefix)
    assert str(refused.value) == (
        f"importing torch fails in {prefix} with interlock-loader too, which is taken out again: "
        "torch.import: ImportError: no"
    )


def test_libraries_of_the_machine_hinder_no_healing(tmp_path, probes):
    prefix = environment(tmp_path / "env", PLAIN)
    probes.checks = (failed("libraries", "loaded from outside the environment: libcusparse.so.12"),)
    assert command.heal(tmp_path, prefix).loader is not None
    assert len(loaders(prefix)) == 1


def test_a_compiler_that_still_crashes_is_told(tmp_path, probes):
    prefix = environment(tmp_path / "env", PLAIN)
    (site_packages(prefix) / "triton.py").write_text("raise SystemExit('LLVM ERROR: twice')")
    with pytest.raises(CheckFailed, match=r"importing torch then triton fails in .*: LLVM ERROR: twice"):
        command.heal(tmp_path, prefix)
    assert loaders(prefix) == []


def test_a_sound_environment_is_left_alone(tmp_path, probes):
    prefix = environment(tmp_path / "env", {**PLAIN, "triton": "3.6.0"})
    del probes[:]
    sound = environment(tmp_path / "sound", {"tensorflow": "2.21.0", "torch": "2.10.0", "triton": "3.6.0"})
    done = command.heal(tmp_path, sound)
    assert (done.breaches, done.loader, done.probes, list(probes)) == ((), None, (), [])
    # Of the other only torch's GPU is lost, which is healed alone.
    assert [breach.rule.id for breach in command.heal(tmp_path, prefix).breaches] == HEALS[1:]


def test_nothing_is_taken_out_that_was_not_put_in(tmp_path, probes):
    prefix = environment(tmp_path / "env", PLAIN)
    with pytest.raises(BadInput) as refused:
        command.undo(tmp_path, prefix)
    assert str(refused.value) == f"{prefix}: `interlock heal` put nothing into it"


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"before": 1}'])
def test_a_note_that_was_changed_is_refused(tmp_path, probes, text):
    prefix = environment(tmp_path / "env", PLAIN)
    loader = command.heal(tmp_path, prefix).loader
    note = prefix / "share" / "interlock" / "healed.json"
    note.write_text(text)
    with pytest.raises(BadInput) as refused:
        command.undo(tmp_path, prefix)
    assert str(refused.value) == f"{note}: does not say which loader was there before; make the environment anew"
    assert loaders(prefix) == [loader]


def test_an_import_that_hangs_is_ended_and_told(tmp_path, probes, monkeypatch):
    prefix = environment(tmp_path / "env", PLAIN)
    (site_packages(prefix) / "triton.py").write_text("import threading; threading.Event().wait()")
    monkeypatch.setattr(command, "_SECONDS", 1.0)
    with pytest.raises(CheckFailed, match=r"importing torch then triton fails in .*: it took more than 1 s"):
        command.heal(tmp_path, prefix)
    assert loaders(prefix) == []


def test_without_uv_nothing_is_written(tmp_path, probes, monkeypatch):
    prefix = environment(tmp_path / "env", PLAIN)
    monkeypatch.setattr(pip, "uv_here", lambda: None)
    with pytest.raises(BadInput) as refused:
        command.heal(tmp_path, prefix)
    assert str(refused.value) == (
        "there is no uv on this machine, by which the loader is installed; install it (`pip install uv`)"
    )
    assert not list(prefix.glob("share/interlock/*"))


def test_an_install_that_fails_leaves_no_note(tmp_path, probes, monkeypatch):
    prefix = environment(tmp_path / "env", PLAIN)

    def refuse(*_):
        raise CheckFailed("read-only")

    monkeypatch.setattr(command, "install_wheel", refuse)
    with pytest.raises(CheckFailed, match="read-only"):
        command.heal(tmp_path, prefix)
    assert not list(prefix.glob("share/interlock/*"))


def test_it_tells_of_which_package_nobody_read_whether_it_works_with_the_loader(tmp_path, probes):
    prefix = environment(tmp_path / "env", {**PLAIN, "tensorflow-io": "0.37.1", "tensorflow-text": "2.21.1"})
    assert command.heal(tmp_path, prefix).doubts == ("tensorflow-io",)
    told = CliRunner().invoke(interlock, ["heal", str(prefix)]).output
    assert told.splitlines()[-1] == "nobody read whether these work with it: tensorflow-io"


def test_the_command_tells_what_it_did(tmp_path, probes, monkeypatch):
    monkeypatch.chdir(tmp_path)
    environment(tmp_path / "env", PLAIN)
    told = json.loads(CliRunner().invoke(interlock, ["heal", "env", "--json"]).output)
    assert (told["version"], told["heals"]) == (1, HEALS)
    undone = CliRunner().invoke(interlock, ["heal", "env", "--undo"])
    assert (undone.exit_code, undone.output) == (0, "env: taken out again; nothing of ours is in it\n")


def test_what_the_activation_leads_is_not_replaced(tmp_path, probes):
    prefix = environment(tmp_path / "env", {**PLAIN, "interlock-loader": "1+tf2.21.0.cu12.activation.h0123456789ab"})
    with pytest.raises(BadInput) as refused:
        command.heal(tmp_path, prefix)
    assert str(refused.value) == (
        f"{prefix}: the cure would take the place of its interlock-loader, which is scripts of the activation alone; "
        "drop loader: from the profile and lock it again"
    )
    assert loaders(prefix) == ["1+tf2.21.0.cu12.activation.h0123456789ab"]
