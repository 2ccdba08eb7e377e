"""What all tests share: helpers lie in tests/support, and nothing here asks an index unless told to."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "support"))

from drawing import register_profiles

register_profiles()


def pytest_collection_modifyitems(config, items):
    """Leave out what needs the package index, unless markers are chosen by ``-m``."""
    if not config.option.markexpr:
        asking = [item for item in items if item.get_closest_marker("index")]
        config.hook.pytest_deselected(items=asking)
        items[:] = [item for item in items if not item.get_closest_marker("index")]
