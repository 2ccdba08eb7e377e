"""status, over locks that were made."""

from __future__ import annotations

import json
from datetime import date


def test_status_as_json(folder, interlock):
    interlock("lock", "small", "--no-pylock")
    code, out, _ = interlock("status", "--json")
    told = json.loads(out)
    rows = told["locks"]
    assert code == 0
    assert [(row["profile"], row["lock"]) for row in rows] == [
        ("small", "fresh"),
        ("smaller", "stale"),
        ("never", "stale"),
    ]
    assert all(set(row) == {"profile", "lock", "gpus", "changed", "note"} for row in rows)
    assert set(told) == {"version", "locks", "facts"}
    assert sorted(told["facts"]) == ["conda-forge", "package index", "rows"]


def test_status_tells_how_old_the_facts_are(folder, interlock):
    days = folder / "matrices" / "snapshot" / "days.yaml"
    days.parent.mkdir(parents=True, exist_ok=True)
    days.write_text(f'version: 1\nread: {{rows: "{date.today()}"}}\n')
    last = interlock("status")[1].splitlines()[-1]
    assert last.startswith(f"facts: rows 0 days old ({date.today()}), package index ")
    days.write_text('version: 1\nread: {rows: "yesterday"}\n')
    code, _, err = interlock("status")
    assert code == 2
    assert err.endswith('days.yaml:2: read.rows: yesterday is no day; write it like "2026-11-01"\n')
