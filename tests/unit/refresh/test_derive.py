"""Rows that wheels tell: a new release is a new row, known rows keep what no wheel tells."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import pytest
from elf_files import library

from solver.core.answer import NOT_KNOWN
from solver.core.errors import IndexUnavailable
from solver.core.model import IndexFile, PypiName
from solver.matrix.load import Matrices
from solver.matrix.read import read_entries
from solver.matrix.rows import Build, CudaToolkit
from solver.refresh.derive import Renewal, renew, write_renewal
from solver.refresh.derive_cuda import components
from solver.refresh.derive_tensorflow import build_info

X86 = "manylinux_2_27_x86_64"


@dataclass
class Shelf:
    """An index that holds wheels as mappings of members."""

    held: dict[str, dict[str, bytes]]
    read: list[str] = field(default_factory=list)

    def wheels(self, name: PypiName) -> Sequence[IndexFile]:
        prefix = f"{name.replace('-', '_')}-"
        return [IndexFile(filename=each, sha256=None) for each in self.held if each.startswith(prefix)]

    def members(self, file: IndexFile) -> Collection[str]:
        return self.held[file.filename].keys()

    def chunks(self, file: IndexFile, member: str) -> Iterator[bytes]:
        self.read.append(f"{file.filename} {member}")
        data = self.held[file.filename][member]
        yield from (data[start : start + 7] for start in range(0, len(data), 7))


def metadata(name: str, version: str, *requires: str) -> dict[str, bytes]:
    lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
    lines += [f"Requires-Dist: {text}" for text in requires]
    return {f"{name.replace('-', '_')}-{version}.dist-info/METADATA": ("\r\n".join(lines) + "\r\n\r\ntext").encode()}


INFO = """import collections

build_info = collections.OrderedDict([('cuda_compute_capabilities', ['sm_80', 'compute_100']),
    ('cuda_version', '13.0.1'), ('cudnn_version', '9'), ('is_cuda_build', True)])
"""


def tensorflow_wheel(version: str = "2.22.0", **changed: bytes) -> dict[str, bytes]:
    return {
        "tensorflow/python/platform/build_info.py": INFO.encode(),
        "tensorflow/core/framework/graph_pb2.py": b"# header\n# Protobuf Python Version: 6.31.1\n",
        "tensorflow/libtensorflow_framework.so.2": library(
            runpath="$ORIGIN/x:$ORIGIN/../nvidia/cudnn/lib:$ORIGIN/../../nvidia/cufft/lib:$ORIGIN/../nvidia/cublas/lib/"
            ":$ORIGIN/../nvidia/cudnn/lib",
            symbols=["cudaMalloc", "cublasCreate_v2", "cudnnCreateTensor", "ncclCommInitRank"],
        ),
        "tensorflow/libtensorflow_cc.so.2": library(symbols=["cudnnCreate", "cusolverDnCreate"]),
        "tensorflow/python/other.so": library(symbols=["curandCreateGenerator"]),
        **metadata(
            "tensorflow",
            version,
            "numpy>=1.26",
            'nvidia-cudnn-cu13<10.0,>=9.12.0.46; extra == "and-cuda"',
            "nvidia-cublas (>=13.0) ; extra == 'and-cuda'",
            'tensorflow-io-gcs-filesystem>=0.23.1; extra == "gcs-filesystem"',
        ),
        **changed,
    }


def tensorflow_row(**changed: object) -> Build:
    row = Build(
        id="tensorflow-2.13.0",
        source="wheel x (build_info.py); cuDNN: tensorflow.org/install/source",
        derived=True,
        package="tensorflow",
        version="2.13.0",
        platform="linux-64",
        python=("3.8",),
        cuda="11.8",
        cudnn="8.6",
    )
    return msgspec.structs.replace(row, **changed)


def only(renewal: Renewal, stem: str) -> list[object]:
    assert set(renewal.rows) <= {stem}
    return list(renewal.rows.get(stem, ()))


def test_a_new_tensorflow_release_is_a_new_row() -> None:
    shelf = Shelf(
        {
            f"tensorflow-2.22.0-cp312-cp312-{X86}.whl": tensorflow_wheel(),
            f"tensorflow-2.22.0-cp39-cp39-{X86}.whl": {},
            f"tensorflow-2.22.0-cp310-cp310-{X86}.whl": tensorflow_wheel(),
            "tensorflow-2.22.0-cp310-cp310-win_amd64.whl": metadata("tensorflow", "2.22.0", "tensorflow-intel"),
            f"tensorflow-2.23.0rc1-cp310-cp310-{X86}.whl": {},
            "tensorflow-2.22.0-cp310-cp310-macosx_12_0_arm64.whl": {},
            f"tensorflow-2.12.0-cp310-cp310-{X86}.whl": {},
        }
    )
    renewal = renew(Matrices(builds=(tensorflow_row(),)), shelf)
    assert renewal.added == ("tensorflow-2.22.0", "tensorflow-2.22.0-win-64")
    assert only(renewal, "tensorflow") == [
        Build(
            id="tensorflow-2.22.0",
            source=f"wheel tensorflow-2.22.0-cp310-cp310-{X86}.whl (build_info.py, METADATA, RUNPATH, symbols)",
            derived=True,
            package="tensorflow",
            version="2.22.0",
            platform="linux-64",
            python=("3.9", "3.10", "3.12"),
            cuda="13.0",
            cudnn="9.12",
            sm=("8.0", "10.0"),
            ptx=("10.0",),
            opens=("cudart", "cublas", "cusolver", "cudnn", "nccl", "nvcc"),
            runpath=("cublas/lib", "cudnn/lib"),
            asks={"nvidia-cudnn-cu13": "<10.0,>=9.12.0.46", "nvidia-cublas": ">=13.0"},
            protobuf="6.31.1",
        ),
        Build(
            id="tensorflow-2.22.0-win-64",
            source="wheel tensorflow-2.22.0-cp310-cp310-win_amd64.whl (METADATA; it holds no library)",
            derived=True,
            package="tensorflow",
            version="2.22.0",
            platform="win-64",
            python=("3.10",),
            cuda="none",
            cudnn="none",
        ),
    ]


def test_nccl_that_is_linked_in_is_not_opened() -> None:
    inside = {"tensorflow/libtensorflow_cc.so.2": library(symbols=["ncclCommInitRank"], text="libnvidia-ml.so.1")}
    shelf = Shelf({f"tensorflow-2.22.0-cp310-cp310-{X86}.whl": tensorflow_wheel() | inside})
    (row,) = only(renew(Matrices(), shelf), "tensorflow")
    assert isinstance(row, Build) and "nccl" not in row.opens


def test_a_known_row_is_not_read_again_but_gains_a_python() -> None:
    known = tensorflow_row(version="2.22.0", id="tensorflow-2.22.0", python=("3.10",))
    shelf = Shelf({f"tensorflow-2.22.0-cp310-cp310-{X86}.whl": {}, f"tensorflow-2.22.0-cp314-cp314-{X86}.whl": {}})
    renewal = renew(Matrices(builds=(known,)), shelf)
    assert only(renewal, "tensorflow") == [msgspec.structs.replace(known, python=("3.10", "3.14"))]
    assert (renewal.added, renewal.changed, shelf.read) == ((), ("tensorflow-2.22.0",), [])


def test_a_row_written_by_hand_is_left_alone() -> None:
    known = tensorflow_row(version="2.22.0", id="tensorflow-2.22.0", derived=False)
    shelf = Shelf({f"tensorflow-2.22.0-cp310-cp310-{X86}.whl": tensorflow_wheel()})
    for again in (False, True):
        assert renew(Matrices(builds=(known,)), shelf, again=again).rows == {}


def test_reading_again_keeps_what_the_wheel_does_not_tell() -> None:
    wheel = tensorflow_wheel("2.13.0") | metadata("tensorflow", "2.13.0", "numpy>=1.22")
    shelf = Shelf({f"tensorflow-2.13.0-cp310-cp310-{X86}.whl": wheel})
    (row,) = only(renew(Matrices(builds=(tensorflow_row(),)), shelf, again=True), "tensorflow")
    assert isinstance(row, Build)
    assert (row.cudnn, row.cuda, row.asks) == ("8.6", "13.0", {})
    assert row.source.endswith("(build_info.py, METADATA, RUNPATH, symbols); cuDNN: tensorflow.org/install/source")


def test_windows_spells_cuda_its_own_way() -> None:
    text = "build_info = {'is_cuda_build': True, 'cuda_version': '64_112', 'cudnn_version': '64_8'}"
    wheel = {
        "tensorflow/python/platform/build_info.py": text.encode(),
        **metadata("tensorflow", "2.10.0"),
    }
    (row,) = only(renew(Matrices(), Shelf({"tensorflow-2.10.0-cp310-cp310-win_amd64.whl": wheel})), "tensorflow")
    assert isinstance(row, Build)
    assert (row.cuda, row.cudnn, row.runpath, row.opens) == ("11.2", "8", NOT_KNOWN, NOT_KNOWN)


def test_build_info_that_holds_none_is_told() -> None:
    with pytest.raises(IndexUnavailable) as caught:
        build_info("x = 1\n", "tensorflow-1.whl")
    assert str(caught.value) == "tensorflow/python/platform/build_info.py of tensorflow-1.whl holds no build_info"


def torch_wheel(version: str, build: str, cuda: str, *requires: str) -> dict[str, bytes]:
    return {
        "torch/version.py": f"__version__ = '{build}'\ncuda: Optional[str] = {cuda}\nhip = None\n".encode(),
        "torch/lib/libtorch_python.so": b"\0sm_75\0sm_75 sm_90 sm_120 compute_120\0",
        **metadata("torch", version, *requires),
    }


def test_a_new_torch_release_is_a_new_row_with_its_companions() -> None:
    linux = 'platform_system == "Linux" and platform_machine == "x86_64"'
    pins = (f"nvidia-cudnn-cu13==9.26.0.51; {linux}", f"nvidia-nccl-cu13==2.30.7; {linux}", "filelock")
    vision = {
        "torchvision/version.py": b"__version__ = '0.30.0+cu132'\n",
        **metadata("torchvision", "0.30.0", "numpy", "torch (==2.16.0)"),
    }
    shelf = Shelf(
        {
            f"torch-2.16.0-cp312-cp312-{X86}.whl": torch_wheel("2.16.0", "2.16.0+cu132", "'13.2'", *pins),
            f"torch-2.16.0-cp313-cp313t-{X86}.whl": {},
            "torch-2.16.0-cp312-cp312-manylinux_2_28_aarch64.whl": torch_wheel("2.16.0", "2.16.0+cpu", "None", *pins),
            f"torchvision-0.30.0-cp312-cp312-{X86}.whl": vision,
            "torchvision-0.30.0-cp312-cp312-manylinux_2_28_aarch64.whl": {
                "torchvision/version.py": b"__version__ = '0.30.0'\n",
                **metadata("torchvision", "0.30.0", "torch==2.16.0"),
            },
        }
    )
    renewal = renew(Matrices(), shelf)
    assert renewal.rows["companions"] == (
        Build(
            id="torchvision-0.30.0",
            source=f"wheel torchvision-0.30.0-cp312-cp312-{X86}.whl (version.py, METADATA)",
            derived=True,
            package="torchvision",
            version="0.30.0",
            platform="linux-64",
            cuda="13.2",
            needs={"torch": "==2.16.0"},
        ),
    )
    cpu = "wheel torch-2.16.0-cp312-cp312-manylinux_2_28_aarch64.whl (version.py, METADATA)"
    assert renewal.rows["torch"] == (
        Build(
            id="torch-2.16.0",
            source=f"wheel torch-2.16.0-cp312-cp312-{X86}.whl (version.py, METADATA, arch list of libtorch_python.so)",
            derived=True,
            package="torch",
            version="2.16.0",
            reports="2.16.0+cu132",
            platform="linux-64",
            python=("3.12", "3.13"),
            cuda="13.2",
            cudnn="9.26.0.51",
            nccl="2.30.7",
            bundles=False,
            same_minor=True,
            sm=("7.5", "9.0", "12.0"),
            ptx=("12.0",),
            companions={"torchvision": ("0.30.0",)},
        ),
        Build(
            id="torch-2.16.0-linux-aarch64",
            source=cpu,
            derived=True,
            package="torch",
            version="2.16.0",
            reports="2.16.0+cpu",
            platform="linux-aarch64",
            python=("3.12",),
            cuda="none",
            cudnn="none",
            companions={"torchvision": ("0.30.0",)},
        ),
    )


def test_a_torch_that_asks_for_no_nvidia_distribution_carries_the_libraries() -> None:
    shelf = Shelf({f"torch-1.12.0-cp310-cp310-{X86}.whl": torch_wheel("1.12.0", "1.12.0+cu102", "'10.2'", "typing")})
    (row,) = only(renew(Matrices(), shelf), "torch")
    assert isinstance(row, Build) and (row.bundles, row.cudnn) == (True, NOT_KNOWN)


def test_a_new_toolkit_is_a_new_row_and_a_known_one_keeps_its_drivers() -> None:
    known = CudaToolkit(
        id="cuda-13.5",
        source="NVIDIA (drivers); wheel METADATA of cuda-toolkit 13.5.0; ptxas",
        derived=True,
        cuda="13.5",
        driver="620.1",
        gpu_min="7.5",
        gpu_max="12.1",
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


def test_renewed_rows_are_put_among_the_others_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "tensorflow.yaml").write_text(
        "# Ours.\n# Two lines.\nversion: 1\nrows:\n"
        '- {id: mine, source: x, package: tensorflow, version: "2.30.0", platform: linux-64, cuda: none}\n'
    )
    row = tensorflow_row()
    assert write_renewal(Renewal(rows={"tensorflow": (row,)}), tmp_path) == [tmp_path / "tensorflow.yaml"]
    written = (tmp_path / "tensorflow.yaml").read_text()
    assert written.startswith("# Ours.\n# Two lines.\nversion: 1\nrows:\n- id: tensorflow-2.13.0\n")
    assert [path.name for path in tmp_path.iterdir()] == ["tensorflow.yaml"]
    entries = read_entries(tmp_path / "tensorflow.yaml", "tensorflow.yaml", Build)
    assert [entry.row.id for entry in entries] == ["tensorflow-2.13.0", "mine"]
    assert entries[0].row == row


def test_a_renewal_makes_the_folder_and_the_file(tmp_path: Path) -> None:
    write_renewal(Renewal(rows={"tensorflow": (tensorflow_row(),)}), tmp_path / "matrices")
    text = (tmp_path / "matrices" / "tensorflow.yaml").read_text()
    assert text.startswith(
        "# Laid over the built-in rows; rows marked derived are renewed by `interlock refresh`.\nversion: 1\n"
    )


def test_a_library_that_cannot_be_read_is_told_with_its_wheel() -> None:
    wheel = tensorflow_wheel(**{"tensorflow/libtensorflow_framework.so.2": library(symbols=["cudaMalloc"])[:70]})
    shelf = Shelf({f"tensorflow-2.22.0-cp310-cp310-{X86}.whl": wheel})
    with pytest.raises(IndexUnavailable) as caught:
        renew(Matrices(), shelf)
    assert str(caught.value) == (
        f"tensorflow/libtensorflow_framework.so.2 of tensorflow-2.22.0-cp310-cp310-{X86}.whl cannot be read: "
        "it is cut short"
    )
