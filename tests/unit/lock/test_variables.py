"""The variables of a lock: what a profile asks for, and every reader of the lock that was made."""

from __future__ import annotations

from itertools import product
from typing import get_args

import msgspec
import pytest
import yaml
from paths import ROOT
from sealed import seal

from solver.commands.audit import Given, read_for
from solver.commands.locked import locked_profile
from solver.commands.project import open_project
from solver.commands.subject import subject_of
from solver.core.model import Flavour, GpuSharing, Platform, Profile, Solution, Target
from solver.lock.environment import CondaHalf, environment_yml
from solver.lock.folder import lock_folders, read_folder
from solver.lock.install.checked import checked_folder
from solver.lock.solution import solution_yaml
from solver.lock.variables import profile_variables
from solver.matrix.load import load_matrices

ODD = {
    "EMPTY": "",
    "NUMBER": "1",
    "WORD": "yes",
    "ODD": "two words, $HOME: 'x' # \\n",
    "TF_FORCE_GPU_ALLOW_GROWTH": "false",
}
LOCKS = lock_folders(ROOT / "locks")


@pytest.fixture(scope="module")
def project():
    return open_project(ROOT)


@pytest.mark.parametrize(
    ("profile", "expected"),
    [
        (Profile(name="p"), {"TF_FORCE_GPU_ALLOW_GROWTH": "true"}),
        (Profile(name="p", frameworks=("torch",)), {}),
        (Profile(name="p", cuda="none", target=Target(driver=None)), {}),
        (Profile(name="p", gpu_sharing=GpuSharing(growth=False)), {"TF_FORCE_GPU_ALLOW_GROWTH": "false"}),
        (Profile(name="p", variables={"TF_FORCE_GPU_ALLOW_GROWTH": "false"}), {"TF_FORCE_GPU_ALLOW_GROWTH": "false"}),
    ],
)
def test_variables_that_let_both_share_a_gpu(profile, expected):
    variables = profile_variables(profile)
    assert {name: variables[name] for name in variables if name.startswith("TF_FORCE")} == expected


def test_the_block_outweighs_a_variable_and_a_cpu_profile_has_no_gpu_variable():
    sharing = GpuSharing(growth=False, intra_threads=2)
    profile = Profile(name="p", gpu_sharing=sharing, variables={"TF_FORCE_GPU_ALLOW_GROWTH": "true", "OWN": "1"})
    assert profile_variables(profile) == {
        "TF_FORCE_GPU_ALLOW_GROWTH": "false", "OWN": "1", "OMP_NUM_THREADS": "2", "TF_NUM_INTRAOP_THREADS": "2",
    }  # fmt: skip
    cpu = msgspec.structs.replace(profile, cuda="none", target=Target(driver=None), variables={})
    assert profile_variables(cpu) == {"OMP_NUM_THREADS": "2", "TF_NUM_INTRAOP_THREADS": "2"}


@pytest.mark.parametrize(("flavour", "platform"), [*product(get_args(Flavour), get_args(Platform))])
@pytest.mark.parametrize("variables", [{}, ODD])
def test_what_is_written_is_read_with_and_without_a_file_for_conda(tmp_path, flavour, platform, variables):
    profile = Profile(name="demo", flavour=flavour, frameworks=("torch",), variables=variables)
    target = Target(platform=platform, python="3.12")
    axes = {"python": "3.12", "cuda": "12.8"}
    solution = Solution(profile="demo", target=target, axes=axes, pins=(), because=(), notes=(), missing=())
    text = solution_yaml(solution, profile, lock_digest="", rows={}, index_facts={}, command="interlock lock demo")
    (tmp_path / "solution.yaml").write_text(text)
    assert read_folder(tmp_path).variables == variables
    seal(tmp_path)
    assert (checked_folder(tmp_path).variables, subject_of(tmp_path).variables) == (variables, variables)
    (tmp_path / "environment.yml").write_text(environment_yml(profile, CondaHalf(target, (), {}, ("python=3.12",))))
    seal(tmp_path)
    assert checked_folder(tmp_path).variables == variables


@pytest.mark.parametrize("folder", LOCKS, ids=lambda folder: folder.name)
def test_every_reader_of_a_committed_lock_says_the_same(project, folder):
    stated = profile_variables(project.profile(folder.name))
    lock = locked_profile(project, folder.name)
    assert (lock.profile.variables, subject_of(folder).variables) == (stated, stated)
    environment = folder / "environment.yml"
    if environment.exists():
        assert yaml.safe_load(environment.read_text()).get("variables", {}) == stated


def test_a_lock_of_which_no_channel_was_recorded_has_its_variables():
    folder = ROOT / "locks" / "tf2.10-cu117-win"
    assert subject_of(folder).variables == {"TF_FORCE_GPU_ALLOW_GROWTH": "true"}
    package_set, _ = read_for(Given(folder / "requirements.txt"), {}, load_matrices(ROOT / "matrices"))
    assert package_set.variables == (("TF_FORCE_GPU_ALLOW_GROWTH", "true"),)
