"""Files of an installed environment that two packages wrote."""

from __future__ import annotations

from standin_prefix import conda_prefix, record


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


def test_pip_over_conda_in_one_environment(tmp_path):
    env = conda_prefix(tmp_path / "env")
    record(env.root, "numpy", "2.2.6", "py312h72c5963_0")
    env.install("numpy", "2.3.1")
    (finding,) = env.findings()
    assert (finding.code, finding.packages) == ("clobber", ("numpy==2.2.6", "numpy==2.3.1"))
