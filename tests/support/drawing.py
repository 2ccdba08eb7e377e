"""How many examples a law draws: its own number in an ordinary run, many times that in the session of laws."""

from __future__ import annotations

from hypothesis import settings

ORDINARY, SOAK = "ordinary", "soak"
"""Profiles: the same examples in every run; new ones in every run, and more of them."""

_ONE = 100
_MORE = 10


def register_profiles() -> None:
    """Make both profiles known and load the ordinary one; ``--hypothesis-profile`` may load the other later."""
    settings.register_profile(ORDINARY, derandomize=True, deadline=None, max_examples=_ONE)
    settings.register_profile(SOAK, derandomize=False, deadline=None, max_examples=_ONE * _MORE, print_blob=True)
    settings.load_profile(ORDINARY)


def examples(count: int) -> int:
    """``count`` in an ordinary run; as many times more in another as its profile draws more.

    A plain ``max_examples`` would overrule every profile.
    """
    return count * settings.get_profile(settings.get_current_profile_name()).max_examples // _ONE
