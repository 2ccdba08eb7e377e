"""Rows of CUDA toolkits, and which versions of their libraries belong to each."""

from __future__ import annotations

import msgspec
from wheel_shelf import Shelf, metadata

from solver.matrix.load import Matrices
from solver.matrix.rows import CudaToolkit
from solver.refresh.derive import renew
from solver.refresh.derive_cuda import components


def test_a_new_toolkit_is_a_new_row_and_a_known_one_keeps_its_drivers() -> None:
    known = CudaToolkit(
        id="cuda-13.5",
        source="NVIDIA (drivers); wheel METADATA of cuda-toolkit 13.5.0; ptxas",
        derived=True,
        cuda="13.5",
        driver="620.1",
        gpus=("7.5", "12.1"),
    )
    shelf = Shelf(
        {
            f"cuda_toolkit-{version}-py2.py3-none-any.whl": metadata(
                "cuda-toolkit", version, f'nvidia-cublas=={cublas}.*; extra == "cublas"', f"nvidia-nvjitlink{jit}"
            )
            for version, cublas, jit in (
                ("13.5.0", "13.10.0.20", "==13.5.37.*"),
                ("13.5.1", "13.10.1.2", ">=13.5.40,<14"),
                ("13.6.0", "13.11.0.1", ">=13.6.1,<14"),
            )
        }
    )
    renewal = renew(Matrices(toolkits=(known,)), shelf)
    assert renewal.added == ("cuda-13.6",)
    assert renewal.rows["cuda"] == (
        msgspec.structs.replace(
            known,
            source="NVIDIA (drivers); wheel METADATA of cuda-toolkit 13.5.0 to 13.5.1; ptxas",
            components={"nvidia-cublas": ">=13.10.0.20,<13.11.0.1", "nvidia-nvjitlink": ">=13.5.37,<13.6.1"},
        ),
        CudaToolkit(
            id="cuda-13.6",
            source="wheel METADATA of cuda-toolkit 13.6.0",
            derived=True,
            cuda="13.6",
            components={"nvidia-cublas": ">=13.11.0.1,<13.11.0.2", "nvidia-nvjitlink": ">=13.6.1,<14"},
        ),
    )


def test_a_line_whose_numbers_do_not_rise_ends_at_its_own_newest() -> None:
    assert components({"12.8": [{"a": "==2.1.*"}], "12.9": [{"a": "==1.0.*"}]}) == {
        "12.8": {"a": ">=2.1,<2.2"},
        "12.9": {"a": ">=1.0,<1.1"},
    }


def test_what_another_line_shipped_in_between_is_left_out() -> None:
    lines = {
        "12.1": [{"nvjpeg": "==12.1.0.39.*"}, {"nvjpeg": "==12.2.0.2.*"}],
        "12.2": [{"nvjpeg": "==12.1.1.14.*"}, {"nvjpeg": "==12.2.2.4.*"}],
        "12.3": [{"nvjpeg": "==12.3.0.81.*"}],
    }
    assert components(lines) == {
        "12.1": {"nvjpeg": ">=12.1.0.39,<12.2.0.3,!=12.1.1.14.*"},
        "12.2": {"nvjpeg": ">=12.1.1.14,<12.3.0.81,!=12.2.0.2.*"},
        "12.3": {"nvjpeg": ">=12.3.0.81,<12.3.0.82"},
    }


def test_the_last_line_of_an_older_major_takes_what_still_appears() -> None:
    lines = {
        "12.8": [{"cublas-cu12": "==12.8.3.14.*"}],
        "12.9": [{"cublas-cu12": "==12.9.0.13.*"}, {"cublas-cu12": "==12.9.2.10.*"}],
        "13.0": [{"cublas": "==13.0.0.19.*"}],
    }
    assert components(lines) == {
        "12.8": {"cublas-cu12": ">=12.8.3.14,<12.9.0.13"},
        "12.9": {"cublas-cu12": ">=12.9.0.13,<13"},
        "13.0": {"cublas": ">=13.0.0.19,<13.0.0.20"},
    }
