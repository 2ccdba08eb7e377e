"""lock for people without conda, and for people without pip."""

from __future__ import annotations

from conda_repodata import entry, write_channel
from own_index import REQUEST, files

CONDA = """\
name: mine
dependencies:
  - python=${python}
  - pytorch=${torch}
  - tensorflow=${tensorflow}
profiles:
  gpu: {python: "3.12", flavour: conda}
"""


def test_without_conda_a_lock_is_for_pip_alone(index, interlock, tmp_path):
    request = REQUEST.replace('"2.9.1"', '"2.9.1", flavour: pip').replace(
        "name: mine", "name: mine\nchannels: [nowhere]"
    )
    (tmp_path / "environment.yml.in").write_text(request)
    code, out, _ = interlock("lock", "--no-pylock")
    assert (code, out.splitlines()[0]) == (
        0,
        "gpu: torch 2.9.1, python 3.12, cuda 12.8, cudnn 9.10.2.21; 29 packages by pip",
    )
    assert sorted(files(tmp_path / "locks")) == ["gpu/requirements.txt", "gpu/solution.yaml"]
    assert interlock("lock", "--check") == (0, "gpu: fresh\n", "")
    assert interlock("audit", "locks/gpu/requirements.txt")[0] == 0
    assert interlock("diff", "gpu", "gpu")[0] == 0
    assert interlock("export", "constraints.txt", "gpu")[0] == 0
    code, _, err = interlock("export", "explicit", "gpu")
    assert (code, err) == (
        2,
        "interlock: gpu: has no conda half: its solution.yaml holds no conda packages; "
        "export pylock.toml or constraints.txt\n",
    )


def test_without_pip_a_lock_is_of_conda_alone(index, interlock, tmp_path):
    (tmp_path / "environment.yml.in").write_text(CONDA)
    code, out, err = interlock("lock", "--offline")
    assert (code, err) == (0, "")
    assert "by pip" not in out
    made = files(tmp_path / "locks")
    assert sorted(made) == [*("gpu/conda-lock.yml", "gpu/environment.yml", "gpu/linux-64.lock", "gpu/solution.yaml")]
    assert b"conda-forge::pytorch=" in made["gpu/environment.yml"]


def test_an_archive_without_md5_costs_the_conda_lock_yml_and_nothing_else(index, interlock, tmp_path):
    records = [entry("python", "3.12.1"), entry("pip", "25.0", depends=["python"]), entry("bare", "1.0")]
    del records[-1][1]["md5"]
    records.append(entry("pytorch", "2.9.1", build="cpu_generic_0", depends=["python"]))
    channel = write_channel(tmp_path / "channel", records).as_uri()
    (tmp_path / "environment.yml.in").write_text(
        f"name: mine\nchannels: ['{channel}']\n"
        "dependencies: ['python=${python}', pip, bare, 'pytorch=${torch}']\nprofiles:\n"
        "  cpu: {python: '3.12', flavour: conda, frameworks: [torch], cuda: none}\n"
    )
    code, _, err = interlock("lock", "--live")
    assert (code, err) == (0, "")
    made = files(tmp_path / "locks")
    assert sorted(made) == ["cpu/environment.yml", "cpu/linux-64.lock", "cpu/solution.yaml"]
    assert b"the channel gives none for bare-1.0-0.conda." in made["cpu/environment.yml"]
    assert interlock("lock", "--check", "--live")[:2] == (0, "cpu: fresh\n")
    code, _, err = interlock("export", "conda-lock", "cpu")
    assert (code, err) == (
        2,
        "interlock: bare: the channel gives no md5 for bare-1.0-0.conda, which conda-lock.yml must have; "
        "export explicit, which holds sha256 alone\n",
    )
    assert interlock("export", "explicit", "cpu")[0] == 0
