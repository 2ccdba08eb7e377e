"""The inputs that atheris begins with: a line each of ``corpus.jsonl``, its bytes as latin-1.

    python tests/soak/corpus.py FOLDER …

keeps of what lies in the folders, smallest first, as much as the file may hold.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

FILE = Path(__file__).with_name("corpus.jsonl")
MOST = 200_000
"""Bytes of the file."""


def unpack(folder: Path) -> Path:
    """Write each input as a file of ``folder``, which is made."""
    folder.mkdir(parents=True)
    for number, line in enumerate(FILE.read_text(encoding="utf-8").splitlines()):
        (folder / f"{number:04}").write_bytes(json.loads(line).encode("latin-1"))
    return folder


def keep(folders: list[Path]) -> int:
    """Write ``FILE`` anew; how many inputs it holds."""
    inputs = {path.read_bytes() for folder in folders for path in folder.iterdir()}
    lines, size = [], 0
    for data in sorted(inputs, key=lambda data: (len(data), data)):
        line = json.dumps(data.decode("latin-1"))
        size += len(line) + 1
        if size > MOST:
            break
        lines.append(line)
    FILE.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return len(lines)


if __name__ == "__main__":
    print(keep([Path(name) for name in sys.argv[1:]]))
