"""conda-lock.yml, read back and rendered by conda-lock."""

import pytest
from conda_formats import CONDA, PIP, WHEELS
from paths import ROOT

from solver.core.errors import BadInput
from solver.lock.condalock import conda_lock_yml


def test_conda_lock_is_read_by_conda_lock(records, tmp_path):
    path = tmp_path / "conda-lock.yml"
    path.write_text(conda_lock_yml(PIP, records, WHEELS, "linux-64"))
    from conda_lock.lockfile import parse_conda_lock_file

    lock_file = parse_conda_lock_file(path)
    assert {
        (d.name, d.version, d.url, d.hash.md5, d.hash.sha256) for d in lock_file.package if d.manager == "conda"
    } == {(r.name, r.version, r.url, r.md5, r.sha256) for r in records}
    assert {(d.name, d.version, d.url, d.hash.sha256) for d in lock_file.package if d.manager == "pip"} == {
        (w.name, w.version, w.url, w.sha256) for w in WHEELS
    }
    assert lock_file.metadata.platforms == ["linux-64"]


def test_conda_lock_renders_the_same_set_as_ours(records, tmp_path):
    """conda-lock's own @EXPLICIT and environment.yml, made of our lock, name our packages."""
    path = tmp_path / "conda-lock.yml"
    path.write_text(conda_lock_yml(CONDA, records, (), "linux-64"))
    from conda_lock.conda_lock import render_lockfile_for_platform
    from conda_lock.lockfile import parse_conda_lock_file

    def rendered(kind):
        return render_lockfile_for_platform(
            lockfile=parse_conda_lock_file(path),
            include_dev_dependencies=False,
            extras=None,
            kind=kind,
            platform="linux-64",
        )

    lines = {line.strip() for line in rendered("explicit") if line.startswith("https:")}
    assert lines == {f"{record.url}#{record.md5}" for record in records}
    pins = {line.strip().removeprefix("- ") for line in rendered("env") if line.count("=") == 2}
    assert {record.pin for record in records} <= pins


def test_conda_lock_wants_md5(records):
    import msgspec

    bare = [msgspec.structs.replace(records[0], md5=None)]
    with pytest.raises(BadInput, match=r"no md5 for .*, which conda-lock.yml must have; export explicit"):
        conda_lock_yml(CONDA, bare, (), "linux-64")


def test_conda_lock_is_imported_late():
    import subprocess
    import sys

    code = (
        "import sys, solver.lock.condalock, solver.lock.install.prefix\n"
        "print([name for name in sys.modules if name in ('conda_lock', 'rattler')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    holders = [path.name for path in (ROOT / "solver").rglob("*.py") if "from conda_lock" in path.read_text()]
    assert holders == ["condalock.py"]
