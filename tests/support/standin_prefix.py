"""Installed environments built of stand-ins: a venv of python 3.12, or one of conda, that the audit reads."""

import base64
import hashlib
import json
import subprocess

from audit_stubs import StubIndex, small_matrices

from solver.audit import prefix_files
from solver.audit.inputs import read_set
from solver.audit.run import audit
from solver.core.model import Target

GPU = Target(python="3.12", gpus=("9.0",), driver="570.26")


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
        asks = "".join(f"Requires-Dist: {line}\n" for line in requires)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{asks}")
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


def conda_prefix(root):
    env = Prefix(root)
    (root / "pyvenv.cfg").unlink()
    (root / "conda-meta").mkdir()
    record(root, "python", "3.12.8", "h9e4cc4f_1_cpython")
    return env


def record(root, name, version, build):
    data = {"name": name, "version": version, "build": build, "sha256": "d" * 64}
    (root / "conda-meta" / f"{name}-{version}-{build}.json").write_text(json.dumps(data))
