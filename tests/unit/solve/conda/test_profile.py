"""exclude-newer, for conda."""

from __future__ import annotations

import msgspec

from solver.request.adhoc import ad_hoc
from solver.solve.conda.profile import newest_day

PROFILE = msgspec.structs.replace(ad_hoc(["python==3.12"]), exclude_newer="2025-09-30")


def test_the_day_itself_still_counts_for_conda() -> None:
    day = newest_day(PROFILE)
    assert day is not None and day.isoformat() == "2025-09-30T23:59:59+00:00"
