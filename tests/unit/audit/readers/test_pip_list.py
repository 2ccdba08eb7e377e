"""What pip and uv tell of an environment."""

from __future__ import annotations

import json

import pytest
from audit_stubs import StubIndex, small_matrices
from reading import pins, read

from solver.audit.run import audit
from solver.core.errors import BadInput

COLUMNS = """
    WARNING: The directory '/.cache/pip' is not owned by the current user.
    Package                  Version          Editable project location
    ------------------------ ---------------- -------------------------
    demo                     0.1.0            /src/demo
    nvidia-cudnn-cu12        9.1.0.70
    tensorflow               2.18.0
    torch                    2.6.0+cu124

    [notice] A new release of pip is available: 24.0 -> 25.3
"""


def test_the_table_of_pip_list(tmp_path):
    package_set = read(COLUMNS, tmp_path)
    assert (package_set.kind, package_set.closed) == ("pip list", False)
    assert pins(package_set) == [
        "demo==0.1.0",
        "nvidia-cudnn-cu12==9.1.0.70",
        "tensorflow==2.18.0",
        "torch==2.6.0+cu124",
    ]
    assert [package.line for package in package_set.packages] == [4, 5, 6, 7]


def test_pip_list_as_json(tmp_path):
    package_set = read('[{"name": "Torch", "version": "2.6.0"}, {"name": "numpy", "version": "2.1.3"}]', tmp_path)
    assert (package_set.kind, pins(package_set)) == ("pip list", ["torch==2.6.0", "numpy==2.1.3"])


def test_pip_inspect_tells_requirements_and_who_installed(tmp_path):
    text = json.dumps(
        {
            "version": "1",
            "pip_version": "24.0",
            "installed": [
                {
                    "metadata": {
                        "name": "torch",
                        "version": "2.6.0",
                        "requires_dist": ["filelock"],
                        "requires_python": ">=3.9.0",
                    },
                    "installer": "pip",
                },
                {"metadata": {"name": "numpy", "version": "1.26.4"}, "installer": "conda"},
            ],
            "environment": {
                "python_version": "3.11",
                "platform_system": "Linux",
                "platform_machine": "aarch64",
            },
        }
    )
    package_set = read(text, tmp_path)
    torch, numpy = package_set.packages
    assert (package_set.kind, package_set.python, package_set.platform) == ("pip inspect", "3.11", "linux-aarch64")
    assert package_set.closed
    assert (torch.pin, torch.requires, torch.requires_python) == ("torch==2.6.0", ("filelock",), ">=3.9.0")
    assert (numpy.pin, numpy.requires, numpy.origin) == ("numpy==1.26.4", (), "conda")


def test_the_report_of_an_installation_tells_files_and_leaves_out_what_is_there(tmp_path):
    wheel = "torch-2.6.0+cu124-cp312-cp312-linux_x86_64.whl"
    text = json.dumps(
        {
            "version": "1",
            "install": [
                {
                    "download_info": {"url": f"https://download.pytorch.org/whl/cu124/{wheel.replace('+', '%2B')}"},
                    "metadata": {"name": "torch", "version": "2.6.0+cu124"},
                }
            ],
        }
    )
    package_set = read(text, tmp_path)
    (torch,) = package_set.packages
    assert (package_set.closed, torch.pin, torch.index, torch.files) == (
        False,
        "torch==2.6.0+cu124",
        "pytorch",
        (wheel,),
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Package Version\n------- -------\ntorch\n", "a.file:3: expected a name and a version, found 'torch'"),
        (
            '[{"name": "torch", "version": 2}]',
            'a.file: [0].version: expected a string like "2", found an integer 2; write it anew with pip',
        ),
        (
            '{"version": "1", "installed": [{"metadata": {"version": "1"}}]}',
            "a.file: installed[0].metadata.name: this key is missing; write it anew with pip",
        ),
        (
            '{"version": "1", "install": [7]}',
            "a.file: install[0]: expected a mapping, found an integer 7; write it anew with pip",
        ),
    ],
)
def test_what_cannot_be_read_is_named_with_its_place(text, message, tmp_path):
    with pytest.raises(BadInput) as caught:
        read(text, tmp_path)
    assert str(caught.value) == message


@pytest.mark.parametrize("requirement", ["a" * 300, "six; os_name ~= '1'", "six; " + "(" * 5000, "<>"])
def test_what_asks_for_nothing_that_can_be_is_passed_over(requirement, tmp_path):
    installed = [{"metadata": {"name": "torch", "version": "2.10.0", "requires_dist": [requirement]}}]
    environment = {"platform_system": "Linux", "python_version": "3"}
    package_set = read(json.dumps({"installed": installed, "environment": environment}), tmp_path)
    assert package_set.python is None
    assert "metadata" not in {finding.code for finding in audit(package_set, small_matrices(), StubIndex())}
