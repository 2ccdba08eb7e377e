"""bundle: what it refuses before anything is fetched."""

from __future__ import annotations

import pytest
from user_folder import REQUEST


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ('small: {python: "3.12"', 'small: {python: "3.11"', "the request was changed"),
        (
            "  small:",
            "  other:",
            "the request has no such profile any more; write it again, or remove the folder",
        ),
    ],
)
def test_a_stale_lock_is_not_bundled(folder, interlock, old, new, why):
    assert interlock("lock", "small", "--no-pylock")[0] == 0
    changed = REQUEST.replace(old, new).replace("variant-of: small", f"variant-of: {new.strip().partition(':')[0]}")
    (folder / "environment.yml.in").write_text(changed)
    code, out, err = interlock("bundle", "small", folder / "out")
    said = f"small is not bundled, since it is stale: {why}; `interlock lock small` makes it anew"
    assert (code, out, err) == (1, "", f"interlock: {said}\n")
    assert not (folder / "out").exists()
