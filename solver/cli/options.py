"""Options that several commands have."""

from __future__ import annotations

import click

JSON = click.option("--json", "as_json", is_flag=True, help="print JSON")
LIVE = click.option("--live", is_flag=True, help="ask the index for what the snapshot does not hold")
