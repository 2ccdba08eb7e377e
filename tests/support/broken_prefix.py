"""An installed environment of which one file at a time is broken at random."""

from __future__ import annotations

from pathlib import Path
from random import Random

from standin_prefix import Prefix, record

from solver.core.errors import BadInput

_PIECES = (
    *(b"\xff", b"\0", b"9" * 5000, b"a" * 300, b"\n", b"x" * 140_000, b'"', b",", b"[", b"{}", b"null", b"7"),
    *(b"\xff" * 8, b"\x7f" * 4, b"\0" * 8, b"Requires-Dist: x; os_name ~= '1'\n", "Name: é\n".encode()),
)


class BrokenPrefix:
    """Both frameworks and a package of conda, with libraries that the audit opens."""

    def __init__(self, root: Path) -> None:
        self.env = Prefix(root)
        (root / "conda-meta").mkdir()
        record(root, "cuda-nvcc", "12.8", "0")
        for name, version, path in (
            ("torch", "2.10.0", "torch/lib/libtorch_cuda.so"),
            ("tensorflow", "2.20.0", "tensorflow/libtensorflow_framework.so.2"),
        ):
            self.env.library(path)
            content = (self.env.site / path).read_bytes()
            self.env.install(name, version, files={path: content}, requires=["six; os_name == 'posix'"])
        self.env.install("six", "1.17.0")
        files = sorted(path for path in root.rglob("*") if path.is_file() and path.suffix != ".c")
        self.whole = {path: path.read_bytes() for path in files}

    def told(self, random: Random) -> str | None:
        """The sentence that ends an audit after a file was broken; None where the audit comes to its end."""
        path = random.choice(list(self.whole))
        path.write_bytes(_broken(self.whole[path], random))
        try:
            self.env.findings()
        except BadInput as error:
            return str(error)
        finally:
            path.write_bytes(self.whole[path])
        return None


def _broken(content: bytes, random: Random) -> bytes:
    data = bytearray(content)
    for _ in range(random.randint(1, 3)):
        # The head of a library is where its tables are.
        at = random.randrange(min(len(data), random.choice((1024, 10**6))) + 1)
        piece = random.choice((*_PIECES, bytes([random.randrange(256)])))
        cut = random.choice((0, 1, 8, len(piece)))
        data[at : at + cut] = piece
        if random.random() < 0.05:
            del data[random.randrange(len(data) + 1) :]
    return bytes(data)
