"""Whether a model can cross from torch to tensorflow over ONNX, in one process, on the CPU."""

from __future__ import annotations

import importlib
import importlib.util
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from .recorder import EXACT, Module, Recorder, Seen, Tensor, Wrong, falling
from .tensorflow_checks import Tensorflow
from .torch_checks import Torch

CONVERTER = "onnx2tf"
BETWEEN = frozenset(("torch", "tensorflow"))
"""The frameworks that it leads between."""
SHAPE = (4, 1, 8, 8)
"""Images, channels, rows, columns: what torch takes; tensorflow keeps the channels last."""
STEPS = 20


class Interop:
    """A small network is trained in torch, exported, converted, compared and saved again."""

    def __init__(self, recorder: Recorder, torch: Torch, tensorflow: Tensorflow) -> None:
        self.recorder, self.t, self.f = recorder, torch, tensorflow
        self.folder = Path(tempfile.mkdtemp(prefix="interop-"))
        self.model: Module = None
        self.inputs: Tensor = None
        self.expected: Tensor = None

    @staticmethod
    def possible(order: Sequence[str]) -> bool:
        """Whether this environment has a converter and both frameworks are asked for."""
        return {*order} >= BETWEEN and importlib.util.find_spec(CONVERTER) is not None

    def run(self) -> None:
        """Each step needs the one before it."""
        try:
            self._each()
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)

    def _each(self) -> None:
        check = self.recorder.check
        _ = (
            check("interop.train", self._train)
            and check("interop.onnx", self._export, EXACT)
            and check("interop.tensorflow", self._convert, EXACT)
            and check("interop.savedmodel", self._save_again, EXACT)
        )

    def _train(self) -> Seen:
        torch = self.t.torch
        nn = torch.nn
        self.model = nn.Sequential(
            nn.Conv2d(1, 4, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(64, 3)
        )
        self.inputs = torch.randn(*SHAPE, generator=torch.Generator().manual_seed(11))
        targets = self.inputs.mean((2, 3)).repeat(1, 3)
        optimizer = torch.optim.Adam(self.model.parameters(), lr=0.01)
        losses = []
        for _ in range(STEPS):
            optimizer.zero_grad()
            loss = ((self.model(self.inputs) - targets) ** 2).mean()
            loss.backward()
            optimizer.step()
            losses.append(float(loss.detach().item()))
        self.model.eval()
        self.expected = self.model(self.inputs).detach()
        return falling(losses)

    def _export(self) -> Seen:
        path = str(self.folder / "model.onnx")
        self.t.torch.onnx.export(self.model, (self.inputs,), path, input_names=["x"], output_names=["y"])
        runtime = importlib.import_module("onnxruntime")
        session = runtime.InferenceSession(path, providers=["CPUExecutionProvider"])
        answer = session.run(None, {"x": self.inputs.numpy()})[0]
        return self._error(answer), f"onnxruntime {runtime.__version__} against torch"

    def _convert(self) -> Seen:
        converter = importlib.import_module(CONVERTER)
        with self.f.tf.device("/CPU:0"):
            converter.convert(
                input_onnx_file_path=str(self.folder / "model.onnx"),
                output_folder_path=str(self.folder / "converted"),
                flatbuffer_direct_output_saved_model=True,
                not_use_onnxsim=True,
                non_verbose=True,
            )
        answer = self._answer(self.f.tf.saved_model.load(str(self.folder / "converted")))
        return self._error(answer), f"{CONVERTER} {converter.__version__} against torch"

    def _save_again(self) -> Seen:
        saved_model = self.f.tf.saved_model
        model = saved_model.load(str(self.folder / "converted"))
        again = str(self.folder / "again")
        saved_model.save(model, again, signatures=model.signatures["serving_default"])
        return self._error(self._answer(saved_model.load(again))), "saved by tensorflow and loaded again"

    def _answer(self, model: Module) -> Tensor:
        """What a SavedModel makes of the inputs, by its signature."""
        serve = model.signatures["serving_default"]
        (name, tensor), *others = serve.structured_input_signature[1].items()
        if others:
            raise Wrong(f"the converted model has {1 + len(others)} inputs, not one")
        inputs = self.inputs.numpy()
        if tensor.shape[-1] == SHAPE[1]:
            inputs = inputs.transpose(0, 2, 3, 1)
        with self.f.tf.device("/CPU:0"):
            (answer,) = serve(**{name: self.f.tf.constant(inputs)}).values()
        return answer.numpy()

    def _error(self, answer: Tensor) -> float:
        value = self.t.torch.from_numpy(answer.copy())
        if tuple(value.shape) != tuple(self.expected.shape):
            raise Wrong(f"the answer has the shape {tuple(value.shape)}, not {tuple(self.expected.shape)}")
        return self.t.error(value, self.expected)
