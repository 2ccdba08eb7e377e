"""Wheels of our own: whole, read by others, and of the same bytes wherever they are written."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from solver.core import wheelfile
from solver.core.wheelfile import build_wheel, pack_wheel


def other_pythons() -> list[Path]:
    pythons = {}
    for place in sorted((Path.home() / ".pyenv" / "versions").glob("3.*/bin/python")):
        minor = tuple(int(part) for part in place.parts[-3].split(".")[:2])
        if minor >= (3, 9) and minor != sys.version_info[:2]:
            pythons[minor] = place
    return list(pythons.values())


@pytest.mark.parametrize("python", other_pythons() or [None], ids=lambda path: path.parts[-3] if path else "none")
def test_every_python_writes_the_same_bytes(python):
    if python is None:
        pytest.skip("no other python is installed")
    files = {"a.py": "import sys\n", "b.pth": "import a\n", "c.json": '{"ä": 1}\n'}
    code = (
        "import hashlib, json, runpy, sys; build_wheel = runpy.run_path(sys.argv[1])['build_wheel']; "
        "wheel = build_wheel(*json.loads(sys.argv[2]), requires_python='>=3.9'); "
        "print(wheel[0], hashlib.sha256(wheel[1]).hexdigest())"
    )
    arguments = ["some-name", "1+h0", "A summary", files]
    done = subprocess.run(
        [python, "-I", "-c", code, wheelfile.__file__, json.dumps(arguments)],
        capture_output=True,
        text=True,
        check=True,
    )
    name, data = build_wheel(*arguments, requires_python=">=3.9")
    assert done.stdout.split() == [name, hashlib.sha256(data).hexdigest()]


def test_files_keep_their_order_and_the_record_names_each(tmp_path):
    filename, content = pack_wheel("tool-1", {"b.py": b"B", "a.py": b""}, {"METADATA": b"Name: tool\n"})
    (tmp_path / filename).write_bytes(content)
    with zipfile.ZipFile(tmp_path / filename) as archive:
        names = archive.namelist()
        record = archive.read("tool-1.dist-info/RECORD").decode()
        assert archive.read("tool-1.dist-info/WHEEL").decode() == (
            "Wheel-Version: 1.0\nGenerator: interlock\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
    info = [f"tool-1.dist-info/{name}" for name in ("METADATA", "WHEEL", "RECORD")]
    assert (filename, names) == ("tool-1-py3-none-any.whl", ["b.py", "a.py", *info])
    assert record.splitlines()[:2] == [
        "b.py,sha256=335w5QIVRPSDS77mSp43if68S-gUcN9inK1t2wMyClw,1",
        "a.py,sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU,0",
    ]
    assert record.splitlines()[-1] == "tool-1.dist-info/RECORD,,"


@pytest.mark.parametrize("path", ["a,b.py", 'a"b.py', "a\nb.py"])
def test_a_path_that_the_record_cannot_hold_is_refused(path):
    with pytest.raises(ValueError, match="a RECORD cannot hold the path"):
        pack_wheel("tool-1", {path: b""}, {})
