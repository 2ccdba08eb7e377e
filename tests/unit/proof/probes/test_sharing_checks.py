"""The probe of shared GPUs, which shows the limits to hold."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from solver.proof.probes import sharing_checks
from solver.proof.probes.recorder import MIB, Recorder


class Exhausted(Exception):
    pass


def probe(tmp_path: Path, settings: dict[str, object] | None, monkeypatch, torch_takes: float, tensorflow_takes: int):
    """The probe's answers where torch may take a share and tensorflow so many MB."""
    total = 1000 * MIB

    def empty(count, dtype, device):
        if count > torch_takes * total:
            raise RuntimeError("out of memory")

    def ones(shape):
        if shape[0] * 4 > tensorflow_takes * MIB:
            raise Exhausted("out of memory")
        return 1.0

    one = SimpleNamespace(min=lambda: SimpleNamespace(item=lambda: 1.0))
    cuda = SimpleNamespace(get_device_properties=lambda _: SimpleNamespace(total_memory=total))
    torch = SimpleNamespace(cuda=cuda, ones=lambda *_, **__: one, empty=empty, uint8="uint8")
    tf = SimpleNamespace(
        device=lambda _: pytest.MonkeyPatch.context(),
        ones=ones,
        reduce_min=float,
        errors=SimpleNamespace(ResourceExhaustedError=Exhausted),
    )
    monkeypatch.setattr(sharing_checks, "settings", lambda: settings)
    recorder = Recorder(str(tmp_path / "out"), ["torch", "tensorflow"], False)
    sharing_checks.Sharing(recorder, SimpleNamespace(torch=torch), SimpleNamespace(tf=tf)).on_gpu()
    return {check["name"]: check["status"] for check in recorder.result["checks"]}


def test_the_probe_takes_what_is_allowed_and_fails_where_more_is_given(tmp_path, monkeypatch):
    settings = {"torch_fraction": 0.5, "tensorflow_limit_mb": 100}
    assert probe(tmp_path, settings, monkeypatch, 0.5, 100 * 3 // 4) == {
        "sharing.torch": "ok", "sharing.tensorflow": "ok",
    }  # fmt: skip
    assert probe(tmp_path, settings, monkeypatch, 1.0, 200) == {
        "sharing.torch": "failed", "sharing.tensorflow": "failed",
    }  # fmt: skip


def test_the_probe_skips_what_has_no_limit_and_makes_nothing_where_none_is_set(tmp_path, monkeypatch):
    assert set(probe(tmp_path, {"cudnn_benchmark": True}, monkeypatch, 1.0, 9999).values()) == {"skipped"}
    assert probe(tmp_path, None, monkeypatch, 1.0, 9999) == {}


def test_the_probe_reads_the_settings_that_the_wheel_installs(tmp_path, monkeypatch):
    assert sharing_checks.settings() is None
    (tmp_path / "_interlock_sharing.py").write_text("")
    (tmp_path / "_interlock_sharing.json").write_text(json.dumps({"version": 1, "torch_fraction": 0.4}))
    monkeypatch.syspath_prepend(str(tmp_path))
    assert sharing_checks.settings() == {"version": 1, "torch_fraction": 0.4}
