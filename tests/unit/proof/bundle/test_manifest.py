"""Manifests that are not whole."""

from __future__ import annotations

import json
import re

import pytest
from small_bundle import run

from solver.core.errors import BadInput
from solver.proof.bundle.manifest import read_manifest

HASH = "a" * 64
NO_PATHS = ["", "/etc/x", "../x", "a/../x", "a//x", "./a", "a\\b", "a\n", "a\0", "a b", 7, None, []]
BAD_ENTRIES = [
    *({"path": path, "sha256": HASH, "size": 1} for path in NO_PATHS),
    *({"path": "a", "sha256": digest, "size": 1} for digest in (None, "", "A" * 64, HASH + "\n", 7)),
    *({"path": "a", "sha256": HASH, "size": size} for size in (None, -1, "1", True)),
    {},
    [],
]


@pytest.mark.parametrize("entry", BAD_ENTRIES, ids=str)
def test_a_manifest_names_plain_paths_and_whole_hashes(bundle, tmp_path, entry):
    path = bundle / "manifest.json"
    data = json.loads(path.read_bytes())
    data["files"] = [entry]
    path.write_text(json.dumps(data))
    with pytest.raises(BadInput, match="this is no manifest: "):
        read_manifest(bundle)
    done = run(bundle / "verify.py", "--out", tmp_path / "out", cwd=tmp_path)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert re.search(r"is no path within the bundle|is damaged: .* is not what it must be", done.stderr)


@pytest.mark.parametrize("profile", ["", "/abs/path", "../x", "a\nb", "A", "a" * 101])
def test_a_carried_lock_is_of_a_profile(bundle, profile):
    path = bundle / "manifest.json"
    data = json.loads(path.read_bytes())
    data["locks"][0]["profile"] = profile
    path.write_text(json.dumps(data))
    with pytest.raises(BadInput, match=r"this is no manifest: .* `\$\.locks\[0\]\.profile`"):
        read_manifest(bundle)
