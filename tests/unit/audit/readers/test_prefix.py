"""The audit of installed prefixes: a venv and a conda environment, built of stand-ins."""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
import subprocess

import pytest
from audit_stubs import StubIndex, small_matrices

from solver.audit import prefix_files
from solver.audit.codes import loader_elf
from solver.audit.inputs import read_set
from solver.audit.run import audit
from solver.core.errors import BadInput
from solver.core.model import Target

GPU = Target(python="3.12", gpus=("9.0",), driver="570.26")
needs_gcc = pytest.mark.skipif(shutil.which("gcc") is None, reason="gcc makes the ELF files of the stand-ins")


class Prefix:
    """A venv of python 3.12 that holds what a test installs."""

    def __init__(self, root):
        self.root = root
        self.site = root / "lib" / "python3.12" / "site-packages"
        self.site.mkdir(parents=True)
        (root / "pyvenv.cfg").write_text("home = /usr/bin\ninclude-system-site-packages = false\nversion = 3.12.1\n")

    def install(self, name, version, files=None, requires=(), installer="pip"):
        """Write ``files`` (bytes by path below site-packages) and the .dist-info that records them."""
        lines = []
        for path, data in (files or {}).items():
            target = self.site / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
            digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
            lines.append(f"{path},sha256={digest},{len(data)}")
        info = self.site / f"{name.replace('-', '_')}-{version}.dist-info"
        info.mkdir()
        asked = "".join(f"Requires-Dist: {line}\n" for line in requires)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{asked}")
        (info / "INSTALLER").write_text(f"{installer}\n")
        (info / "WHEEL").write_text("Wheel-Version: 1.0\nTag: cp312-cp312-manylinux_2_17_x86_64\n")
        lines.append(f"{info.name}/RECORD,,")
        (info / "RECORD").write_text("\n".join(lines) + "\n")

    def library(self, path, *flags):
        """A shared library made by gcc."""
        target = self.site / path
        target.parent.mkdir(parents=True, exist_ok=True)
        source = self.root / "empty.c"
        source.write_text("int interlock_stand_in;\n")
        subprocess.run(["gcc", "-shared", "-fPIC", "-o", target, source, *flags], check=True, capture_output=True)

    def findings(self, target=GPU, environ=None):
        prefix_files.records.cache_clear()
        return audit(read_set(self.root), small_matrices(), StubIndex(), target, environ)


@pytest.fixture
def prefix(tmp_path, monkeypatch):
    monkeypatch.setattr(loader_elf, "SYSTEM_CACHE", tmp_path / "no-such-cache")
    return Prefix(tmp_path / "venv")


def codes(findings):
    return [finding.code for finding in findings]


def test_what_is_installed_is_read_without_running_it(prefix):
    prefix.install("Demo_Package", "1.0", requires=["idna>=3"])
    found = read_set(prefix.root)
    assert (found.kind, found.python, found.platform, found.closed) == ("prefix", "3.12", "linux-64", True)
    (package,) = found.packages
    assert (package.pin, package.requires) == ("demo-package==1.0", ("idna>=3",))


def test_what_pip_check_would_say(prefix):
    prefix.install("requests", "2.34.2", requires=["idna>=3", "colorama; sys_platform == 'win32'"])
    prefix.install("idna", "2.10")
    (finding,) = prefix.findings()
    assert (finding.code, finding.why) == ("metadata", "requests==2.34.2 asks for idna>=3, and the set has 2.10")


def test_overwritten_files_and_who_won(prefix):
    shared = {"nvidia/cudnn/lib/libcudnn.so.9": b"cu13", "nvidia/cudnn/include/cudnn.h": b"new"}
    same = {"nvidia/cudnn/LICENSE": b"same"}
    prefix.install("nvidia-cudnn-cu13", "9.26.0.51", {**shared, **same})
    prefix.install("nvidia-cudnn-cu12", "9.28.0.42", {"nvidia/cudnn/lib/libcudnn.so.9": b"cu12 ", **same})
    finding = next(finding for finding in prefix.findings(None) if finding.code == "clobber")
    assert finding.packages == ("nvidia-cudnn-cu12==9.28.0.42", "nvidia-cudnn-cu13==9.26.0.51")
    assert finding.why == (
        "nvidia-cudnn-cu12 and nvidia-cudnn-cu13 both wrote 2 paths, 1 of them with different bytes; on the disk lie "
        "1 of nvidia-cudnn-cu12 and 0 of nvidia-cudnn-cu13"
    )
    assert finding.paths == ("lib/python3.12/site-packages/nvidia/cudnn/lib/libcudnn.so.9",)


def test_the_winner_is_found_by_its_bytes_where_sizes_agree(prefix):
    prefix.install("a", "1", {"shared.py": b"first"})
    prefix.install("b", "1", {"shared.py": b"other"})
    (prefix.site / "shared.py").write_bytes(b"first")
    (finding,) = prefix.findings()
    assert "on the disk lie 1 of a and 0 of b" in finding.why


def test_files_that_differ_in_nothing_are_no_finding(prefix):
    prefix.install("a", "1", {"shared.py": b"same"})
    prefix.install("b", "1", {"shared.py": b"same"})
    assert prefix.findings() == ()


def cuda(prefix, tensorflow, torch):
    """A TensorFlow and a torch with the CUDA 12 packages that both use, of ELF files where it matters."""
    nvidia = "$ORIGIN/../nvidia"
    folders = ["cublas", "cuda_cupti", "cuda_runtime", "cudnn", "cufft", "cusparse", "nccl"]
    runpath = ":".join(f"{nvidia}/{folder}/lib" for folder in folders)
    prefix.library("tensorflow/libtensorflow_framework.so.2", f"-Wl,-rpath,{runpath}", "-Wl,--enable-new-dtags")
    prefix.install("tensorflow", tensorflow)
    prefix.install("torch", torch)
    prefix.install("tensorboard", "2.21.0")
    bring = {
        "nvidia-cublas-cu12==12.8.4.1": ["cublas/lib/libcublas.so.12", "cublas/lib/libcublasLt.so.12"],
        "nvidia-cuda-cupti-cu12==12.8.90": ["cuda_cupti/lib/libcupti.so.12"],
        "nvidia-cuda-runtime-cu12==12.8.90": ["cuda_runtime/lib/libcudart.so.12"],
        "nvidia-cudnn-cu12==9.10.2.21": ["cudnn/lib/libcudnn.so.9"],
        "nvidia-cufft-cu12==11.3.3.83": ["cufft/lib/libcufft.so.11"],
        "nvidia-cusolver-cu12==11.7.3.90": ["cusolver/lib/libcusolver.so.11"],
        "nvidia-cusparse-cu12==12.5.8.93": ["cusparse/lib/libcusparse.so.12"],
        "nvidia-nccl-cu12==2.27.7": ["nccl/lib/libnccl.so.2"],
    }
    for pin, paths in bring.items():
        name, _, version = pin.partition("==")
        prefix.install(name, version, {f"nvidia/{path}": b"" for path in paths})


@needs_gcc
def test_tensorflow_2_21_beside_torch_2_10_does_not_find_cusolver(prefix):
    cuda(prefix, "2.21.0", "2.10.0")
    (finding,) = prefix.findings()
    assert (finding.code, finding.severity) == ("loader", "error")
    assert finding.packages == ("nvidia-cusolver-cu12==11.7.3.90", "tensorflow==2.21.0")
    assert finding.paths == ("nvidia/cusolver/lib/libcusolver.so.11",)
    assert finding.source == "the RUNPATH of the installed libtensorflow_framework.so.2"


@needs_gcc
def test_a_library_path_or_the_system_leads_to_it(prefix, tmp_path, monkeypatch):
    cuda(prefix, "2.21.0", "2.10.0")
    folder = prefix.site / "nvidia" / "cusolver" / "lib"
    assert prefix.findings(environ={"LD_LIBRARY_PATH": f"/nowhere:{folder}"}) == ()
    cache = tmp_path / "ld.so.cache"
    cache.write_bytes(b"glibc-ld.so.cache1.1\0libcusolver.so.11\0/usr/lib/libcusolver.so.11\0")
    monkeypatch.setattr(loader_elf, "SYSTEM_CACHE", cache)
    assert prefix.findings() == ()


@needs_gcc
@pytest.mark.parametrize(("preload", "expected"), [(["cusolver"], []), (["cublas"], ["loader"])])
def test_the_loader_wheel_counts_for_what_it_loads(prefix, preload, expected):
    cuda(prefix, "2.21.0", "2.10.0")
    held = {"version": 1, "preload": [{"library": name} for name in preload]}
    prefix.install("interlock-loader", "1", {"_interlock_loader.json": json.dumps(held).encode()})
    assert codes(prefix.findings()) == expected


@needs_gcc
def test_a_library_that_nothing_brings(prefix):
    cuda(prefix, "2.21.0", "2.10.0")
    shutil.rmtree(prefix.site / "nvidia" / "cufft")
    nowhere = [finding.why for finding in prefix.findings() if finding.packages == ("tensorflow==2.21.0",)]
    assert nowhere == ["nothing here brings libcufft.so.11 for tensorflow==2.21.0, which therefore sees no GPU"]


@needs_gcc
def test_torch_is_linked_to_a_library_that_is_gone(prefix):
    gone = prefix.root / "lib" / "libcublas.so.12"
    prefix.library(gone, "-Wl,-soname,libcublas.so.12")
    prefix.library("torch/lib/libtorch_cuda.so", "-Wl,--no-as-needed", str(gone))
    gone.unlink()
    prefix.install("torch", "2.10.0")
    prefix.install("numpy", "2.2.6")
    (finding,) = prefix.findings()
    assert (finding.code, finding.packages) == ("loader", ("torch==2.10.0",))
    assert finding.why == ("torch==2.10.0 is linked to libcublas.so.12, which nothing here brings; importing it fails")
    assert finding.cure == "install nvidia-cublas-cu12"


def test_a_broken_library_is_bad_input(prefix):
    prefix.install("tensorflow", "2.21.0", {"tensorflow/libtensorflow_framework.so.2": b"no ELF"})
    with pytest.raises(BadInput, match="expected a shared library, but it cannot be read"):
        prefix.findings()


def test_two_records_of_one_package(prefix):
    prefix.install("numpy", "1.26.4")
    prefix.install("numpy", "2.2.6")
    (finding,) = prefix.findings()
    assert (finding.code, finding.packages) == ("leftover", ("numpy==1.26.4", "numpy==2.2.6"))


def conda_prefix(root):
    held = Prefix(root)
    (root / "pyvenv.cfg").unlink()
    (root / "conda-meta").mkdir()
    record(root, "python", "3.12.8", "h9e4cc4f_1_cpython")
    return held


def record(root, name, version, build):
    held = {"name": name, "version": version, "build": build, "sha256": "d" * 64}
    (root / "conda-meta" / f"{name}-{version}-{build}.json").write_text(json.dumps(held))


def test_a_conda_environment_tells_builds_by_its_records(tmp_path):
    held = conda_prefix(tmp_path / "env")
    record(held.root, "tensorflow", "2.16.1", "cpu_py312h69ecde4_0")
    held.install("tensorflow", "2.16.1", requires=["idna"], installer="conda")
    record(held.root, "idna", "3.1", "pyhd8ed1ab_0")
    held.install("idna", "3.1", installer="conda")
    (finding,) = held.findings(Target(python="3.12", gpus=("9.0",)))
    assert (finding.code, finding.packages) == ("cpu-build", ("tensorflow==2.16.1",))


def test_pip_over_conda_in_one_environment(tmp_path):
    held = conda_prefix(tmp_path / "env")
    record(held.root, "numpy", "2.2.6", "py312h72c5963_0")
    held.install("numpy", "2.3.1")
    (finding,) = held.findings()
    assert (finding.code, finding.packages) == ("clobber", ("numpy==2.2.6", "numpy==2.3.1"))


def test_the_user_site_comes_first_outside_a_venv(tmp_path):
    held = conda_prefix(tmp_path / "env")
    held.install("numpy", "2.2.6")
    user = tmp_path / "home" / ".local" / "lib" / "python3.12" / "site-packages"
    (user / "numpy-1.26.4.dist-info").mkdir(parents=True)
    home = {"HOME": str(tmp_path / "home")}
    (finding,) = held.findings(environ=home)
    assert (finding.code, finding.cure) == ("leftover", "set PYTHONNOUSERSITE=1")
    assert finding.why == f"the user site ({user}) holds numpy 1.26.4 and comes before the prefix's 2.2.6"
    assert held.findings(environ={**home, "PYTHONNOUSERSITE": "1"}) == ()


def test_a_venv_has_no_user_site_but_pythonpath_counts(prefix, tmp_path):
    prefix.install("numpy", "2.2.6")
    other = tmp_path / "other"
    (other / "numpy-1.26.4.dist-info").mkdir(parents=True)
    assert prefix.findings(environ={"HOME": str(tmp_path)}) == ()
    (finding,) = prefix.findings(environ={"PYTHONPATH": str(other)})
    assert finding.cure == "unset PYTHONPATH"


def test_libraries_on_the_library_path_come_first(prefix, tmp_path):
    prefix.install("nvidia-cudnn-cu12", "9.10.2.21", {"nvidia/cudnn/lib/libcudnn.so.9": b""})
    other = tmp_path / "cuda"
    other.mkdir()
    (other / "libcudnn.so.9").touch()
    (finding,) = prefix.findings(environ={"LD_LIBRARY_PATH": str(other)})
    assert (finding.code, finding.packages) == ("leftover", ("nvidia-cudnn-cu12==9.10.2.21",))
    inside = str(prefix.site / "nvidia" / "cudnn" / "lib")
    assert prefix.findings(environ={"LD_LIBRARY_PATH": inside}) == ()


def test_a_folder_that_is_no_prefix(tmp_path):
    with pytest.raises(BadInput, match="is neither a venv nor a conda environment"):
        read_set(tmp_path)


def test_a_record_of_conda_that_cannot_be_read(tmp_path):
    held = conda_prefix(tmp_path / "env")
    (held.root / "conda-meta" / "x-1-0.json").write_text("{")
    with pytest.raises(BadInput, match="is no record of conda"):
        read_set(held.root)


def test_nothing_at_all(tmp_path):
    with pytest.raises(BadInput, match="there is no such file or folder"):
        read_set(tmp_path / "gone")
