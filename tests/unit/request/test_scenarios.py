"""Each file under tests/scenarios/request is one claim: a request, and the profiles or the error that it gives."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest
from scenario import RequestScenario, each, read

from solver.core.errors import BadInput
from solver.matrix.load import Matrices
from solver.matrix.rows import CudaFamily, CudaToolkit, GpuModels
from solver.request.read import read_request

GPUS = (
    GpuModels(id="hopper", source="test", gpu="9.0", architecture="Hopper", products=("H100", "H200")),
    GpuModels(id="ada", source="test", gpu="8.9", architecture="Ada", products=("GeForce RTX 4090", "RTX 6000 Ada")),
    GpuModels(id="volta", source="test", gpu="7.0", architecture="Volta", products=("Titan Twin",)),
    GpuModels(id="pascal", source="test", gpu="6.1", architecture="Pascal", products=("Titan Twin",)),
)
MATRICES = Matrices(
    gpus=GPUS,
    families=(CudaFamily(id="cuda-12", source="test", major=12, driver="525.60.13", driver_windows="527.41"),),
    toolkits=(CudaToolkit(id="cuda-12.4", source="test", cuda="12.4", driver="550.54.14", gpus=("5.0", "9.0")),),
)


@each(RequestScenario)
def test_request(path, tmp_path, monkeypatch):
    scenario = read(path, RequestScenario)
    monkeypatch.chdir(tmp_path)
    file = Path("environment.yml.in")
    file.write_text(scenario.request, encoding="utf-8")
    if scenario.error is not None:
        with pytest.raises(BadInput) as caught:
            read_request(file, MATRICES)
        assert str(caught.value) == scenario.error
        assert caught.value.exit_code == 2
    else:
        profiles = json.loads(msgspec.json.encode(read_request(file, MATRICES).profiles))
        # The last is what a profile says of its loader that says nothing.
        empty: tuple[object, ...] = (None, [], {}, "", False, "wheel")
        stated = [{key: value for key, value in profile.items() if value not in empty} for profile in profiles]
        assert stated == scenario.profiles
    # nothing is written
    assert list(tmp_path.iterdir()) == [tmp_path / file]
