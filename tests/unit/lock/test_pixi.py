"""pixi.lock, read back by rattler."""

import pytest
from conda_formats import PIP, WHEELS

from solver.lock.pixi import pixi_lock


@pytest.mark.parametrize("version", [6, 7])
def test_pixi_lock_is_read_by_rattler(records, tmp_path, version):
    from rattler import LockFile

    virtual = {"__cuda": "12.4", "__glibc": "2.28", "__archspec": "x86_64_v3"}
    text = pixi_lock(PIP, records, WHEELS, "linux-64", version=version, virtual=virtual)
    assert f"version: {version}\n" in text
    path = tmp_path / "pixi.lock"
    path.write_text(text)
    lock_file = LockFile.from_path(path)
    platform = lock_file.platforms()[0]
    assert platform.virtual_packages == (["__cuda=12.4", "__glibc=2.28"] if version == 7 else [])
    environment = lock_file.default_environment()
    assert [str(channel) for channel in environment.channels()] == ["https://conda.anaconda.org/conda-forge/"]
    conda, pip = [], []
    for package in environment.packages(platform):
        (pip if type(package).__name__ == "PypiLockedPackage" else conda).append(package)
    assert {
        (
            p.location,
            p.hashes.sha256.hex(),
            p.hashes.md5.hex(),
            str(p.package_record.build),
            p.package_record.build_number,
        )
        for p in conda
    } == {(r.url, r.sha256, r.md5, r.build, r.build_number) for r in records}
    assert {tuple(p.package_record.depends) for p in conda} == {r.depends for r in records}
    assert {(p.name, p.version, p.hashes.sha256.hex(), tuple(p.requires_dist)) for p in pip} == {
        (w.name, w.version, w.sha256, w.requires) for w in WHEELS
    }
