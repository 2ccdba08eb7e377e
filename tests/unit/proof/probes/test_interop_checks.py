"""The interop probe's steps against stand-ins: each fault is told by name, and nothing runs after it."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import pytest

from solver.proof.probes.interop_checks import SHAPE, Interop
from solver.proof.probes.recorder import Recorder


class Array:
    """A value and a shape, enough of a tensor for the probe."""

    def __init__(self, value: float, shape: tuple[int, ...] = (4, 3)) -> None:
        self.value, self.shape = value, shape

    def numpy(self) -> Array:
        return self

    copy = numpy

    def transpose(self, *axes: int) -> Array:
        return Array(self.value, tuple(self.shape[axis] for axis in axes))


class Model:
    """A SavedModel whose signature takes channels last, as the converter writes it."""

    def __init__(self, answer: Array, inputs: int = 1) -> None:
        self.answer, self.taken = answer, []
        tensors = {f"x{n}": SimpleNamespace(shape=(*SHAPE[2:], SHAPE[1])) for n in range(inputs)}
        self.signatures = {"serving_default": self}
        self.structured_input_signature = ((), tensors)

    def __call__(self, **inputs: Array) -> dict[str, Array]:
        self.taken += [one.shape for one in inputs.values()]
        return {"y": self.answer}


class Device:
    def __enter__(self) -> None: ...

    def __exit__(self, *_: object) -> None: ...


@pytest.fixture
def interop(tmp_path, monkeypatch):
    """Runs the probe's steps; ``answers`` are what the runtime, the converted and the saved model give."""

    def run(runtime=1.0, converted=None, saved=None, converter=lambda **_: None):
        monkeypatch.setenv("TMPDIR", str(tmp_path))
        models = {"converted": converted or Model(Array(1.0)), "again": saved or Model(Array(1.0))}
        tf = SimpleNamespace(
            device=lambda _: Device(),
            constant=lambda value: value,
            saved_model=SimpleNamespace(
                load=lambda path: models[path.rpartition("/")[2]], save=lambda model, path, signatures: None
            ),
        )
        torch = SimpleNamespace(onnx=SimpleNamespace(export=lambda *_, **__: None), from_numpy=lambda value: value)
        session = SimpleNamespace(run=lambda _, feed: [Array(runtime)])
        fake = {
            "onnxruntime": SimpleNamespace(__version__="1", InferenceSession=lambda path, providers: session),
            "onnx2tf": SimpleNamespace(__version__="2", convert=converter),
        }
        for name, module in fake.items():
            monkeypatch.setitem(sys.modules, name, module)
        error = SimpleNamespace(torch=torch, error=lambda a, b: abs(a.value - b.value))
        recorder = Recorder(str(tmp_path / "out"), ["torch", "tensorflow"], True)
        probe = Interop(recorder, error, SimpleNamespace(tf=tf))
        probe.inputs, probe.expected = Array(0.0, SHAPE), Array(1.0)
        monkeypatch.setattr(probe, "_train", lambda: (0.1, ""))
        probe.run()
        return [(check["name"].removeprefix("interop."), check["status"]) for check in recorder.result["checks"]]

    return run


def test_a_model_that_crosses_passes_every_step_with_its_channels_moved(interop):
    converted = Model(Array(1.00001))
    assert interop(converted=converted) == [
        ("train", "ok"), ("onnx", "ok"), ("tensorflow", "ok"), ("savedmodel", "ok"),
    ]  # fmt: skip
    assert converted.taken == [(4, 8, 8, 1)]


def test_an_answer_beyond_the_tolerance_fails_where_it_is_seen(interop):
    assert interop(runtime=1.1) == [("train", "ok"), ("onnx", "failed")]
    assert interop(converted=Model(Array(1.1)))[-1] == ("tensorflow", "failed")
    assert interop(saved=Model(Array(1.1)))[-1] == ("savedmodel", "failed")
    assert interop(converted=Model(Array(float("nan"))))[-1] == ("tensorflow", "failed")


def test_another_shape_or_another_signature_is_no_success(interop):
    assert interop(converted=Model(Array(1.0, (4, 4))))[-1] == ("tensorflow", "failed")
    assert interop(converted=Model(Array(1.0), inputs=2))[-1] == ("tensorflow", "failed")


def test_a_converter_that_raises_is_a_failed_check_and_no_crash(interop):
    def convert(**_):
        raise ImportError("no tf_keras")

    assert interop(converter=convert)[-1] == ("tensorflow", "failed")


def test_it_runs_only_where_there_is_a_converter_and_both_frameworks(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: object())
    assert Interop.possible(["torch", "tensorflow"])
    assert not Interop.possible(["torch"])
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert not Interop.possible(["torch", "tensorflow"])
