"""The reader of environment.yml."""

from __future__ import annotations

import pytest
from reading import HASH, pins, read

from solver.core.errors import BadInput


def test_environment_yml_with_its_pip_block(tmp_path):
    (tmp_path / "more.txt").write_text("idna==3.1\n")
    text = f"""
        name: demo
        channels: [conda-forge]
        dependencies:
          - python=3.12
          - conda-forge::numpy=2.2.6=py312h72c5963_0
          - scipy >=1.13
          - pip
          - pip:
              - torch==2.10.0 --hash=sha256:{HASH}
              - colorama==0.4.6 ; sys_platform == "win32"
              - -r more.txt
        variables:
          XLA_FLAGS: --xla
    """
    package_set = read(text, tmp_path)
    assert (package_set.kind, package_set.python, package_set.closed) == ("environment", "3.12", False)
    assert pins(package_set) == ["python==3.12", "numpy==2.2.6", "scipy>=1.13", "pip", "torch==2.10.0", "idna==3.1"]
    numpy, torch = package_set.packages[1], package_set.packages[4]
    assert (numpy.origin, numpy.build, numpy.line) == ("conda", "py312h72c5963_0", 5)
    assert (torch.origin, torch.hashes, torch.line) == ("pypi", (HASH,), 9)
    assert package_set.variables == (("XLA_FLAGS", "--xla"),)


def test_what_the_machine_brings_is_no_package(tmp_path):
    text = "dependencies:\n- __glibc>=2.28\n- __cuda\n- _x86_64-microarch-level>=3\n- https://host.example/c::python=3.12\n"
    assert pins(read(text, tmp_path)) == ["python==3.12"]


def test_two_packages_of_conda_may_be_one_project(tmp_path):
    text = "dependencies:\n- typing-extensions=4.16.0=h_1\n- typing_extensions=4.16.0.post1=pyh_0\n"
    assert [package.conda for package in read(text, tmp_path).packages] == ["typing-extensions", "typing_extensions"]


def test_a_hashed_pip_block_is_closed(tmp_path):
    text = f"dependencies:\n- python=3.12\n- pip:\n  - torch==2.10.0 --hash=sha256:{HASH}\n"
    assert read(text, tmp_path).closed


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("dependencies:\n- python=3.12\n- {conda: x}\n",
         "a.file:3: dependencies[1].conda: is not a key known here; did you mean pip?"),
        ("dependencies:\n- '!!'\n", "a.file:2: dependencies[0]: expected a match spec such as numpy=2.2, found '!!'"),
        ("dependencies:\n- pip:\n  - a==1\n  - a=b=c\n",
         "a.file:4: expected a requirement such as name==1.2, found 'a=b=c'"),
        ("dependencies: python\n", 'a.file:1: dependencies: expected a list, found a string "python"; write [python]'),
    ],
)  # fmt: skip
def test_an_environment_that_cannot_be_read_is_named_with_line_and_key(text, message, tmp_path):
    with pytest.raises(BadInput) as caught:
        read(text, tmp_path)
    assert str(caught.value) == message
