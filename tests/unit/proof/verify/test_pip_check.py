"""What pip check says of a locked environment."""

from __future__ import annotations

import pytest
from standin_env import make_environment

from solver.proof.verify.pip_check import Complaint, complaint, pip_check

NCCL_BOUND = "tensorflow 2.21.0 has requirement nvidia-nccl-cu12>=2.27.7, but you have nvidia-nccl-cu12 2.26.2."


@pytest.mark.parametrize(
    ("line", "needs"),
    [
        (NCCL_BOUND, "nvidia-nccl-cu12"),
        ("needy 1.0 requires absent, which is not installed.", "absent"),
        ("The package `needy` requires `absent>=2`, but it's not installed", "absent"),
        ("The package `needy` requires `Old_Name>=2`, but `1.0` is installed", "old-name"),
        ("nvidia-nccl-cu12 2.26.2 is not supported on this platform", None),
        ("a 1 requires b", None),
    ],
)
def test_what_a_line_of_pip_check_is_about(line, needs):
    assert complaint(line) == Complaint(line, needs)


def test_pip_check_of_a_real_environment(tmp_path):
    python = make_environment(tmp_path / "env")
    site = next((tmp_path / "env" / "lib").glob("python*/site-packages"))
    info = site / "needy-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: needy\nVersion: 1.0\nRequires-Dist: absent>=2\n")
    (info / "RECORD").write_text("")
    (info / "WHEEL").write_text("Wheel-Version: 1.0\n")
    assert [one.needs for one in pip_check(python)] == ["absent"]
