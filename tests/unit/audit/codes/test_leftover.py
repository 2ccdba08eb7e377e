"""What comes before the packages of an installed environment."""

from __future__ import annotations

from standin_prefix import conda_prefix


def test_two_records_of_one_package(prefix):
    prefix.install("numpy", "1.26.4")
    prefix.install("numpy", "2.2.6")
    (finding,) = prefix.findings()
    assert (finding.code, finding.packages) == ("leftover", ("numpy==1.26.4", "numpy==2.2.6"))


def test_the_user_site_comes_first_outside_a_venv(tmp_path):
    env = conda_prefix(tmp_path / "env")
    env.install("numpy", "2.2.6")
    user = tmp_path / "home" / ".local" / "lib" / "python3.12" / "site-packages"
    (user / "numpy-1.26.4.dist-info").mkdir(parents=True)
    home = {"HOME": str(tmp_path / "home")}
    (finding,) = env.findings(environ=home)
    assert (finding.code, finding.cure) == ("leftover", "set PYTHONNOUSERSITE=1")
    assert finding.why == f"the user site ({user}) holds numpy 1.26.4 and comes before the prefix's 2.2.6"
    assert env.findings(environ={**home, "PYTHONNOUSERSITE": "1"}) == ()


def test_a_venv_has_no_user_site_but_pythonpath_counts(prefix, tmp_path):
    prefix.install("numpy", "2.2.6")
    other = tmp_path / "other"
    (other / "numpy-1.26.4.dist-info").mkdir(parents=True)
    assert prefix.findings(environ={"HOME": str(tmp_path)}) == ()
    (finding,) = prefix.findings(environ={"PYTHONPATH": str(other)})
    assert finding.cure == "unset PYTHONPATH"


def test_libraries_on_the_library_path_come_first(prefix, tmp_path):
    prefix.install("nvidia-cudnn-cu12", "9.10.2.21", {"nvidia/cudnn/lib/libcudnn.so.9": b""})
    other = tmp_path / "cuda"
    other.mkdir()
    (other / "libcudnn.so.9").touch()
    (finding,) = prefix.findings(environ={"LD_LIBRARY_PATH": str(other)})
    assert (finding.code, finding.packages) == ("leftover", ("nvidia-cudnn-cu12==9.10.2.21",))
    inside = str(prefix.site / "nvidia" / "cudnn" / "lib")
    assert prefix.findings(environ={"LD_LIBRARY_PATH": inside}) == ()
