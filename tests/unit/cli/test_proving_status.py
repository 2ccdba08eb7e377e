"""status, over locks that were made."""

from __future__ import annotations

import json


def test_status_as_json(folder, interlock):
    interlock("lock", "small", "--no-pylock")
    code, out, _ = interlock("status", "--json")
    rows = json.loads(out)
    assert code == 0
    assert [(row["profile"], row["lock"]) for row in rows] == [
        ("small", "fresh"),
        ("smaller", "stale"),
        ("never", "stale"),
    ]
    assert all(set(row) == {"profile", "lock", "gpus", "note"} for row in rows)
