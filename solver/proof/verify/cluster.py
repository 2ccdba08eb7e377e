"""Prove many locks on many GPUs: one task a lock on a Dask cluster, whatever started its workers.

Workers say how many locks they can prove at once by the resource ``GPU`` (``dask worker … --resources
"GPU=1"``). A lost worker's lock is given to another one; a lock that ends its workers again and again
is reported as failed. Each lock stands in the report exactly once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from solver.core.errors import BadInput
from solver.proof.subject import Subject
from solver.proof.verify.one import LockReport

if TYPE_CHECKING:
    from distributed import Client

RESOURCE = "GPU"
RETRIES = 3
"""How often a task that raises is tried again; how many workers it may lose is the scheduler's
``allowed-failures``."""

Task = Callable[[Subject], LockReport]
"""Proves one lock where it runs; must be importable or picklable, as Dask asks."""


def prove_on_cluster(
    subjects: Sequence[Subject],
    task: Task,
    *,
    address: str | None = None,
    client: Client | None = None,
    retries: int = RETRIES,
    each: Callable[[LockReport], None] | None = None,
) -> tuple[LockReport, ...]:
    """Run ``task`` for each lock on the cluster at ``address`` (or of ``client``), in the given order.

    ``each`` is called for each report as it comes in. Raises ``BadInput`` where the scheduler does not
    answer or no worker has the resource.
    """
    distributed = _distributed()
    own = client is None
    if client is None:
        try:
            _check_address(distributed, address)
            client = distributed.Client(address, timeout=20)
        except (OSError, ValueError) as error:  # a ValueError: what cannot be the address of a scheduler
            fix = "start one with `dask scheduler`, and workers with --resources GPU=1"
            raise BadInput(f"no scheduler answers at {address}: {error}", key="--scheduler", fix=fix) from None
    try:
        _check_workers(client)
        return _gather(distributed, client, subjects, task, retries, each)
    finally:
        if own:
            client.close()


def _distributed() -> Any:  # noqa: ANN401 - imported late, because it loads hundreds of modules
    try:
        import distributed
    except ImportError:
        fix = "install it with interlock[cluster]"
        raise BadInput("the package distributed is not installed", key="--scheduler", fix=fix) from None
    return distributed


def _check_address(distributed: Any, address: str | None) -> None:  # noqa: ANN401
    """Raise ``ValueError`` for what is no address: a client would wait for it in a thread that has ended."""
    if address is None:
        return
    scheme, place = distributed.comm.parse_address(address)
    distributed.comm.registry.get_backend(scheme)
    if scheme in ("tcp", "tls"):
        distributed.comm.parse_host_port(place)


def _check_workers(client: Client) -> None:
    """Refuse a cluster whose workers all lack the resource: its tasks would wait for ever."""
    workers = client.scheduler_info(n_workers=-1)["workers"]
    if workers and not any(worker["resources"].get(RESOURCE) for worker in workers.values()):
        fix = f'start workers with --resources "{RESOURCE}=1"'
        raise BadInput(f"none of {len(workers)} workers has the resource {RESOURCE}", key="--scheduler", fix=fix)


def _gather(
    distributed: Any,  # noqa: ANN401
    client: Client,
    subjects: Sequence[Subject],
    task: Task,
    retries: int,
    each: Callable[[LockReport], None] | None,
) -> tuple[LockReport, ...]:
    """Submit, and take each result as soon as it is there, so that a worker lost later takes none along."""
    futures = {}
    for subject in subjects:
        key = f"prove-{subject.profile}-{subject.digest[:12]}"
        future = client.submit(task, subject, key=key, pure=False, retries=retries, resources={RESOURCE: 1})
        futures[future.key] = (future, subject)
    reports: dict[str, LockReport] = {}
    for future in distributed.as_completed([future for future, _ in futures.values()]):
        _, subject = futures[future.key]
        error = future.exception()
        report = _lost(subject, error) if error is not None else future.result()
        if subject.profile not in reports and each is not None:
            each(report)
        reports.setdefault(subject.profile, report)
        future.release()
    return tuple(reports[subject.profile] for subject in subjects)


def _lost(subject: Subject, error: BaseException) -> LockReport:
    return LockReport(
        profile=subject.profile,
        lock=subject.digest,
        verdict="failed",
        why=f"no worker came back with it: {type(error).__name__}: {error}",
        steps=(),
    )
