"""Which wheels a bundle carries."""

from __future__ import annotations

import pytest

from solver.core.errors import BadInput, IndexUnavailable
from solver.core.lines import read_pins
from solver.core.model import IndexFile, Release, Target
from solver.proof.bundle.wheels import downloads, locate


class Index:
    def __init__(self, *releases):
        self.listings = {}
        for release in releases:
            self.listings.setdefault(release.files[0].filename.split("-")[0], []).append(release)

    def releases(self, name):
        return tuple(self.listings.get(name, ()))

    def source(self, file):
        return f"https://index.invalid/{file.filename}"


def release(filename, sha256="1" * 64, requires=()):
    version = filename.removesuffix(".tar.gz").split("-")[1]
    return Release(version=version, files=(IndexFile(filename=filename, sha256=sha256, size=5),), requires=requires)


def test_requirements_are_read_with_their_hashes(tmp_path):
    path = tmp_path / "requirements.txt"
    path.write_text(
        "# made by interlock\n--find-links ./wheels\n\n"
        f"A_b==1.0 \\\n    --hash=sha256:{'1' * 64} \\\n    --hash=sha256:{'2' * 64}  # why\n"
        f"torch @ https://download.pytorch.org/whl/torch-1.0%2Bcu117-cp310-cp310-linux_x86_64.whl"
        f" --hash=sha256:{'3' * 64}\n"
        f"c==2 ; sys_platform == 'linux' --hash=sha256:{'4' * 64}\n"
    )
    pins = read_pins(path)
    assert [(pin.name, pin.version, sorted(pin.hashes)) for pin in pins] == [
        ("a-b", "1.0", ["1" * 64, "2" * 64]),
        ("torch", None, ["3" * 64]),
        ("c", "2", ["4" * 64]),
    ]
    (wheel,) = locate(pins[1:2], Index(), Target())
    assert wheel.filename == "torch-1.0+cu117-cp310-cp310-linux_x86_64.whl"


def test_the_wheel_of_the_target_is_taken_and_own_wheels_are_not_asked_for(tmp_path):
    (tmp_path / "r.txt").write_text(f"a==1 --hash=sha256:{'1' * 64}\nloader==1 --hash=sha256:{'9' * 64}\n")
    files = tuple(
        IndexFile(filename=f"a-1-cp3{minor}-cp3{minor}-manylinux_2_17_x86_64.whl", sha256="1" * 64)
        for minor in (11, 12)
    )
    index = Index(Release(version="1", files=files))
    pins = downloads(read_pins(tmp_path / "r.txt"), {"loader": "9" * 64})
    wheels = locate(pins, index, Target(python="3.12"))
    assert [wheel.filename for wheel in wheels] == ["a-1-cp312-cp312-manylinux_2_17_x86_64.whl"]


def test_what_the_index_no_longer_has_is_named(tmp_path):
    (tmp_path / "r.txt").write_text(f"a==1 --hash=sha256:{'2' * 64}\n")
    with pytest.raises(IndexUnavailable, match=r"no wheel of a 1 for python 3\.12 on linux-64 with a hash"):
        locate(read_pins(tmp_path / "r.txt"), Index(release("a-1-py3-none-any.whl")), Target())


def test_what_has_to_be_built_is_in_no_bundle(tmp_path):
    (tmp_path / "r.txt").write_text(f"--no-binary a\na==1 --hash=sha256:{'1' * 64}\n")
    with pytest.raises(BadInput) as refused:
        locate(read_pins(tmp_path / "r.txt"), Index(release("a-1.tar.gz")), Target())
    assert str(refused.value) == (
        "a 1 has no wheel, and a machine without a network builds none; "
        "build it (`pip wheel --no-deps a==1`) and ask for that wheel by its address"
    )
