"""The channel ``nowhere``, recorded for no platform of the tests, so that their locks have no conda half."""

from pathlib import Path

from solver.index.conda_snapshot import write_records


def record_elsewhere(folder: Path) -> None:
    """Write such a record into the project in ``folder``."""
    write_records(folder / "matrices" / "snapshot", "nowhere", [], "a test", ["win-64"])
