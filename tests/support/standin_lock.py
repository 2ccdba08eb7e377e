"""A lock of stand-ins whose wheels lie in its own folder, so that nothing is downloaded to install it."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

from paths import STANDINS
from real_evidence import real_evidence
from sealed import seal

from solver.commands.subject import as_subject
from solver.core.wheelfile import pack_wheel
from solver.lock.folder import read_folder
from solver.proof.evidence import Evidence

MINOR = f"{sys.version_info[0]}.{sys.version_info[1]}"
NAME = "full-py312"
SOLUTION = f"""version: 1
profile: {NAME}
flavour: pip-in-conda
target: {{platform: linux-64, python: "{MINOR}", glibc: "2.28"}}
solution: {{python: "{MINOR}", cuda: "12.8"}}
variables: {{TF_FORCE_GPU_ALLOW_GROWTH: "true"}}
notes: [{{package: nvidia-nccl-cu12, text: x, row: null, evidence: null}}]
"""


def standin_wheel(name: str, version: str) -> tuple[str, bytes]:
    files = {f"{name}/__init__.py": (STANDINS / name / "__init__.py").read_bytes()}
    if name == "torch":
        files["standin_behaviour.py"] = (STANDINS / "standin_behaviour.py").read_bytes()
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n".encode()
    return pack_wheel(f"{name}-{version}", files, {"METADATA": metadata})


def make_lock(locks: Path) -> Path:
    """The folder of the lock, below ``locks``."""
    folder = locks / NAME
    (folder / "wheels").mkdir(parents=True)
    lines = ["--find-links ./wheels"]
    for name, version in (("torch", "2.10.0"), ("tensorflow", "2.21.0"), ("numpy", "2.5.5")):
        filename, content = standin_wheel(name, version)
        (folder / "wheels" / filename).write_bytes(content)
        lines.append(f"{name}=={version} --hash=sha256:{hashlib.sha256(content).hexdigest()}")
    (folder / "requirements.txt").write_text("\n".join(lines) + "\n")
    (folder / "solution.yaml").write_text(SOLUTION)
    (folder / "environment.yml").write_text(f"name: {NAME}\nvariables: {{TF_FORCE_GPU_ALLOW_GROWTH: 'true'}}\n")
    return seal(folder)


def evidence_of(folder: Path, **fields: object) -> Evidence:
    """Evidence of a real run, as if it were of the lock in ``folder``."""
    lock = read_folder(folder)
    subject = as_subject(lock)
    own = {
        "python": f"{MINOR}.3",
        "packages": dict(subject.packages),
        "variables": dict(subject.variables),
        "lock": lock.digest,
    }
    return real_evidence(**{**own, **fields})
