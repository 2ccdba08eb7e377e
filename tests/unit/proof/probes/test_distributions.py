"""Which distributions a process used, asked in a process of its own that has some made-up ones."""

from __future__ import annotations

import json
import subprocess
import sys

from solver.proof.verify.runner import place_probes

USES = """
import json, mmap, sys
import imported
with open(sys.argv[1], "rb") as file:
    mapped = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)
from interlock_probe.distributions import used_distributions
print(json.dumps(used_distributions()))
"""


def install(site, name, file):
    """A distribution of one file, with a RECORD as pip writes it."""
    path = site / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("x = 1\n")
    info = site / f"{name.replace('-', '_')}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (info / "RECORD").write_text(f'"{file}",sha256=x,6\n{info.name}/METADATA,,\n{info.name}/RECORD,,\n')
    return path


def test_what_is_imported_or_mapped_is_used_and_what_only_lies_there_is_not(tmp_path):
    site = tmp_path / "link"
    (tmp_path / "real").mkdir()
    site.symlink_to("real")
    install(site, "Imported.Package", "imported/__init__.py")
    mapped = install(site, "mapped-library", "nvidia/lib/libmapped,1.so")
    install(site, "twin-of-mapped", "nvidia/lib/libmapped,1.so")
    install(site, "only-there", "there.py")
    install(site, "outside", "../bin/outside")
    place_probes(tmp_path)
    run = subprocess.run(
        [sys.executable, "-S", "-c", USES, str(mapped)],
        env={"PYTHONPATH": f"{site}:{tmp_path}"}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert json.loads(run.stdout) == ["imported-package", "mapped-library", "twin-of-mapped"]
