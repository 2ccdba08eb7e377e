"""Tell what the loader of this environment does: ``python -m interlock_loader [MODULE ...]``.

Imports tensorflow, or the modules that are named in their order, and prints what was done and
what went wrong, as JSON; exit code 1 where something went wrong.
"""

from __future__ import annotations

import importlib
import json
import sys


def main(modules: list[str]) -> int:
    """Import ``modules`` and print the reports of all parts of the loader."""
    failed = {}
    for name in modules or ["tensorflow"]:
        try:
            importlib.import_module(name)
        except Exception as error:
            failed[name] = type(error).__name__ + ": " + str(error)
    parts = {"loader": "_interlock_loader", "symbols": "_interlock_symbols", "sharing": "_interlock_sharing"}
    reports = {part: sys.modules[name].report for part, name in parts.items() if name in sys.modules}
    print(json.dumps({**reports, "failed": failed}, indent=1))
    return int(bool(failed) or any(report["errors"] for report in reports.values()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
