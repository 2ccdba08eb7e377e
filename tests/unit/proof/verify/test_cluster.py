"""Locks on a Dask cluster: a lost worker loses no lock, and no lock stands in the report twice."""

from __future__ import annotations

import cluster_task
import pytest

distributed = pytest.importorskip("distributed", reason="the cluster extra is not installed")

from solver.core.errors import BadInput  # noqa: E402
from solver.proof.subject import Subject  # noqa: E402
from solver.proof.verify.cluster import prove_on_cluster  # noqa: E402

# distributed warns about its own sockets and tasks when a worker is killed.
pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module")
def cluster():
    with distributed.LocalCluster(
        n_workers=2,
        threads_per_worker=1,
        processes=True,
        resources={"GPU": 1},
        dashboard_address=None,
        silence_logs=50,
    ) as made:
        yield made


def subjects(folder, *names):
    return [Subject(profile=name, folder=folder, digest="a" * 64, packages={}) for name in names]


def test_a_killed_worker_loses_no_lock_and_reports_none_twice(cluster, tmp_path):
    locks = subjects(tmp_path, "first", "deadly", "third", "fourth")
    finished = []
    with distributed.Client(cluster) as client:
        reports = prove_on_cluster(locks, cluster_task.prove, client=client, each=finished.append)
    assert [report.profile for report in reports] == ["first", "deadly", "third", "fourth"]
    assert {report.verdict for report in reports} == {"imports only"}
    assert sorted(report.profile for report in finished) == ["deadly", "first", "fourth", "third"]
    assert len((tmp_path / "deadly.runs").read_text().split()) == 2


def test_a_task_that_raises_is_a_failed_lock(cluster, tmp_path):
    reports = prove_on_cluster(
        subjects(tmp_path, "raises", "sound"), cluster_task.prove, address=cluster.scheduler_address, retries=1
    )
    assert [(report.profile, report.verdict) for report in reports] == [
        ("raises", "failed"),
        ("sound", "imports only"),
    ]
    assert reports[0].why == "no worker came back with it: ValueError: out of luck"


@pytest.mark.parametrize("address", ["garbage", "tcp://", "http://["])
def test_what_is_no_address_of_a_scheduler_is_told(tmp_path, address):
    with pytest.raises(BadInput) as caught:
        prove_on_cluster(subjects(tmp_path, "sound"), cluster_task.prove, address=address)
    assert str(caught.value).startswith(f"--scheduler: no scheduler answers at {address}: ")
    assert str(caught.value).endswith("; start one with `dask scheduler`, and workers with --resources GPU=1")


def test_workers_without_the_resource_are_refused(tmp_path):
    with (
        distributed.LocalCluster(n_workers=1, processes=False, dashboard_address=None, silence_logs=50) as plain,
        distributed.Client(plain) as client,
        pytest.raises(BadInput, match="none of 1 workers has the resource GPU"),
    ):
        prove_on_cluster(subjects(tmp_path, "a"), cluster_task.prove, client=client)
