"""What our own CI and releases run is pinned: actions by commit, packages by hash."""

from __future__ import annotations

import re
import tomllib

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from paths import ROOT

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
LOCK = (ROOT / ".ci" / "requirements.txt").read_text()
ENTRY = re.compile(
    r"(?P<name>[a-z0-9][a-z0-9.-]*)==(?P<version>\S+)( ; [^\n\\]+)? \\\n"
    r"(?P<hashes>(    --hash=sha256:[0-9a-f]{64}( \\)?\n)+)"
)


def steps(workflow):
    return [step for job in workflow["jobs"].values() for step in job["steps"]]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_each_action_is_pinned_by_its_commit_and_may_do_little(path):
    workflow = yaml.safe_load(path.read_text())
    used = [step["uses"] for step in steps(workflow) if "uses" in step]
    assert used
    assert [action for action in used if not re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", action)] == []
    assert workflow["permissions"] in ({}, {"contents": "read"})


def test_one_action_is_one_commit_everywhere():
    used = {step["uses"] for path in WORKFLOWS for step in steps(yaml.safe_load(path.read_text())) if "uses" in step}
    assert len(used) == len({action.partition("@")[0] for action in used})


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_what_a_workflow_installs_it_installs_by_hash(path):
    runs = [step["run"] for step in steps(yaml.safe_load(path.read_text())) if "pip install" in step.get("run", "")]
    assert set(runs) == {"python -m pip install --require-hashes -r .ci/requirements.txt"}


def test_only_the_job_that_publishes_may_sign():
    jobs = yaml.safe_load((ROOT / ".github/workflows/release.yml").read_text())["jobs"]
    assert {name for name, job in jobs.items() if "id-token" in job["permissions"]} == {"publish"}
    said = [step.get("run", "") for step in jobs["publish"]["steps"]]
    assert said[-3:] == [
        "cd dist && sha256sum --check --strict ../SHA256SUMS",
        "python -m pypi_attestations sign dist/*.whl dist/*.tar.gz",
        "uv publish --trusted-publishing always dist/*",
    ]


def test_a_release_is_built_once_what_is_locked_was_asked_about_and_the_tag_names_it():
    workflow = yaml.safe_load((ROOT / ".github/workflows/release.yml").read_text())
    assert workflow["concurrency"] == {"group": "release", "cancel-in-progress": False}
    said = [step["run"] for step in workflow["jobs"]["build"]["steps"] if "run" in step]
    assert said[1:] == [
        "nox -s lint tests audit-own release-files",
        'test -f "dist/interlock-${GITHUB_REF_NAME#v}.tar.gz"',
    ]


def test_ci_lints_asks_for_vulnerabilities_and_tests():
    assert (ROOT / ".ci" / "run").read_text().splitlines()[-1] == '"$venv/bin/nox" -s lint audit-own tests'


def test_what_no_workflow_knows_of_itself_is_told_to_actionlint():
    labels = yaml.safe_load((ROOT / ".github" / "actionlint.yaml").read_text())["self-hosted-runner"]["labels"]
    runs_on = [
        label
        for path in WORKFLOWS
        for job in yaml.safe_load(path.read_text())["jobs"].values()
        for label in ([job["runs-on"]] if isinstance(job["runs-on"], str) else job["runs-on"])
    ]
    assert {*runs_on} - {"ubuntu-latest", "self-hosted", "linux"} == {*labels}


def test_our_own_lock_is_pins_with_hashes_and_no_address():
    body = "".join(line for line in LOCK.splitlines(keepends=True) if not line.startswith("#"))
    assert ENTRY.sub("", body) == ""
    assert "://" not in LOCK


def test_our_own_lock_admits_what_the_project_and_its_groups_ask_for():
    locked = {match["name"]: match["version"] for match in ENTRY.finditer(LOCK)}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    groups, extras = project["dependency-groups"], project["project"]["optional-dependencies"]
    asked = [*project["project"]["dependencies"], *(text for extra in extras.values() for text in extra)]
    asked += [text for name in ("test", "lint", "release") for text in groups[name]]
    wrong = [
        text
        for text in asked
        for requirement in [Requirement(text)]
        if not requirement.specifier.contains(locked.get(canonicalize_name(requirement.name), "0"))
    ]
    assert wrong == []


def test_what_starts_our_own_ci_is_installed_by_hash_and_is_a_part_of_the_lock():
    starter = (ROOT / ".ci" / "nox.txt").read_text()
    body = "".join(line for line in starter.splitlines(keepends=True) if not line.startswith("#"))
    assert ENTRY.sub("", body) == ""
    ours, started = ({match.group("name", "version", "hashes") for match in ENTRY.finditer(t)} for t in (LOCK, starter))
    assert started and started <= ours
    installs = [line for line in (ROOT / ".ci" / "run").read_text().splitlines() if "pip install" in line]
    assert installs == ['"$venv/bin/python" -m pip install --quiet --require-hashes -r .ci/nox.txt']
