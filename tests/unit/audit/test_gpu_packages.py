"""What an installed package's shared libraries say of its GPU code."""

from __future__ import annotations

from standin_prefix import Prefix

NUMPY_LIKE = {"plain/_core.so": b"no library at all"}


def _unchecked(prefix):
    return [one.packages for one in prefix.findings() if one.code == "unknown"]


def test_a_library_that_is_named_after_cuda(prefix: Prefix):
    prefix.install("plain", "1.0", NUMPY_LIKE)
    prefix.install("kernels", "1.0", {"kernels/kernels_cuda.cpython-312-x86_64-linux-gnu.so": b"not read"})
    prefix.install("texts", "1.0", {"texts/cuda.so.txt.md": b"", "texts/cuda.py": b""})
    assert _unchecked(prefix) == [("kernels==1.0",)]


def test_a_library_that_is_linked_to_cuda(prefix: Prefix):
    prefix.library("libcudart.so.12", "-Wl,-soname,libcudart.so.12")
    prefix.library("mine/_C.so", "-Wl,--no-as-needed", f"-L{prefix.site}", "-l:libcudart.so.12")
    prefix.library("other/_C.so")
    for name in ("mine", "other"):
        prefix.install(name, "1.0", {f"{name}/_C.so": (prefix.site / name / "_C.so").read_bytes()})
    assert _unchecked(prefix) == [("mine==1.0",)]
