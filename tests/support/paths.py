"""Where things lie in a checkout."""

from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
ROOT = TESTS.parent
SCENARIOS = TESTS / "scenarios"
DATA = TESTS / "data"
STANDINS = TESTS / "standins"
SHARED = ROOT.parent / "shared"
