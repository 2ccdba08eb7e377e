"""Rows of packages whose libraries tell how they were built."""

from __future__ import annotations

import pytest
from elf_files import fat_binary, library
from wheel_shelf import X86, Shelf, metadata

from solver.core.answer import NOT_KNOWN
from solver.matrix.load import Matrices
from solver.matrix.rows import Build, Library, PtxVersion
from solver.refresh.derive import renew


def cuda_library(name: str, major: int, soname: str) -> Library:
    return Library(
        id=f"{name}-{major}",
        source="s",
        library=name,
        cuda=major,
        distribution=f"nvidia-{name}-cu{major}",
        directory=f"nvidia/{name}",
        sonames=(soname,),
    )


MATRICES = Matrices(
    ptx=(PtxVersion(id="ptx-9.0", source="s", ptx="9.0", cuda=("13.0",)),),
    libraries=(
        cuda_library("cudart", 11, "libcudart.so.11.0"),
        cuda_library("cudart", 12, "libcudart.so.12"),
        cuda_library("cudart", 13, "libcudart.so.13"),
        cuda_library("curand", 12, "libcurand.so.10"),
        cuda_library("curand", 13, "libcurand.so.10"),
    ),
)


def rows(**wheels: dict[str, bytes]) -> tuple[Build, ...]:
    renewal = renew(MATRICES, Shelf({f"{name}.whl": members for name, members in wheels.items()}))
    assert not renewal.passed_over
    return renewal.rows.get("packages", ())


def row(name: str, requires: tuple[str, ...] = (), tags: str = f"cp312-cp312-{X86}", **members: bytes) -> Build:
    wheel = {f"it/{member}.so": data for member, data in members.items()}
    (found,) = rows(**{f"{name.replace('-', '_')}-99.0-{tags}": {**wheel, **metadata(name, "99.0", *requires)}})
    return found


def test_a_library_that_is_linked_to_torch_tells_its_cuda_its_gpus_and_its_torch() -> None:
    name = f"vllm-99.0-cp38-abi3-{X86}"
    linked = library(needed=("libtorch_cuda.so", "libcudart.so.13")) + fat_binary()
    wheel = {"vllm/_C.abi3.so": linked, **metadata("vllm", "99.0", "torch==2.14.0", "numpy")}
    assert rows(**{name: wheel}) == (
        Build(
            id="vllm-99.0",
            source=f"wheel {name}.whl (ELF, fat binaries, METADATA)",
            derived=True,
            package="vllm",
            version="99.0",
            platform="linux-64",
            python=(),
            cuda="13.0",
            cudnn="none",
            bundles=False,
            sm=("7.5", "9.0"),
            ptx=("12.0",),
            needs={"torch": "==2.14.0"},
        ),
    )


def test_what_it_is_linked_to_goes_before_what_compiled_its_code() -> None:
    found = row("vllm", _C=library(needed=("libcudart.so.12",)) + fat_binary())
    assert (found.cuda, found.sm) == ("12", ("7.5", "9.0"))


def test_what_it_asks_for_tells_its_cuda_where_it_is_linked_to_nothing_of_it() -> None:
    found = row("ctranslate2", ("nvidia-cublas-cu12>=12",), _C=library(needed=("libcurand.so.10",)))
    assert (found.cuda, found.sm, found.ptx) == ("12", NOT_KNOWN, NOT_KNOWN)


def test_ptx_of_one_of_several_libraries_is_not_that_of_all() -> None:
    found = row("vllm", _C=library(needed=("libcudart.so.12",)) + fat_binary(), _moe=library() + fat_binary((2, 80)))
    assert (found.sm, found.ptx) == (("7.5", "8.0", "9.0"), NOT_KNOWN)


def test_a_library_for_each_of_several_majors() -> None:
    eleven, twelve = library(needed=("libcudart.so.11.0",)), library(needed=("libcudart.so.12",))
    found = row("bitsandbytes", cuda118=eleven, cuda121=twelve + fat_binary())
    assert (found.cuda, found.serves, found.bundles) == (NOT_KNOWN, ("11", "12"), False)


def test_libraries_inside_the_wheel_by_the_names_that_a_copy_has() -> None:
    inside = {"it.libs/libcudart-9335f6a2.so.12.4.127": library(), "it/_C.so": library(needed=("libcudart.so.12",))}
    (found,) = rows(**{f"ctranslate2-99.0-cp312-cp312-{X86}": {**inside, **metadata("ctranslate2", "99.0")}})
    assert (found.cuda, found.bundles) == ("12", True)


def test_the_major_of_the_cudnn_that_it_opens() -> None:
    opened = library(needed=("libcudart.so.12",), text="libcudnn.so.9")
    assert row("transformer-engine-cu12", te=opened).cudnn == "9"


def test_kernels_that_a_package_does_without_tell_nothing_of_a_gpu() -> None:
    assert row("torchao", _C=library(needed=("libcudart.so.13",)) + fat_binary()).sm is NOT_KNOWN


def test_without_a_library_it_has_no_cuda_code_on_any_platform() -> None:
    wheel = metadata("torchdata", "99.0", "torch>=2")
    found = rows(**{"torchdata-99.0-py3-none-any": wheel})
    assert [(one.id, one.cuda, one.source, one.needs) for one in found] == [
        (f"torchdata-99.0{tail}", "none", "wheel torchdata-99.0-py3-none-any.whl (no library; METADATA)", {})
        for tail in ("", "-linux-aarch64", "-win-64")
    ]


def test_a_library_in_a_wheel_for_any_platform_is_one_for_linux() -> None:
    name = "bitsandbytes-99.0-py3-none-any"
    wheel = {"it/a.so": library(needed=("libcudart.so.12",)), **metadata("bitsandbytes", "99.0")}
    assert [(one.platform, one.cuda) for one in rows(**{name: wheel})] == [("linux-64", "12")]


@pytest.mark.parametrize(("dll", "cuda"), [(b"cudart64_110.dll\0", "11"), (b"cublasLt64_12.dll\0", "12")])
def test_on_windows_the_names_of_dlls_tell_it(dll: bytes, cuda: str) -> None:
    wheel = {"it/_C.pyd": b"MZ " + dll, **metadata("ctranslate2", "99.0")}
    (found,) = rows(**{"ctranslate2-99.0-cp312-cp312-win_amd64": wheel})
    assert (found.platform, found.cuda, found.bundles) == ("win-64", cuda, NOT_KNOWN)
    assert found.source == "wheel ctranslate2-99.0-cp312-cp312-win_amd64.whl (names of DLLs, fat binaries, METADATA)"


def test_a_name_tells_the_major_where_the_libraries_tell_none() -> None:
    assert row("tensorrt-cu12-bindings", tensorrt=library(needed=("libnvinfer.so.10",))).cuda == "12"
