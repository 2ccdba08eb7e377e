"""A user's project without frameworks, whose packages come from one index, and its python from a channel of two."""

from __future__ import annotations

from pathlib import Path

from conda_repodata import entry, write_channel

from solver.index.pypi import INDEX_URL

HEAD = """\
name: test
channels: ["{channel}"]
dependencies:
  - python=${{python}}
  - pip
  - pip:
      - torch==${{torch}}
      - tensorflow==${{tensorflow}}
profiles:
"""


def python_channel(folder: Path) -> str:
    """The address of a channel, made in ``folder``, that has a python and a pip."""
    return write_channel(folder, [entry("python", "3.12.1"), entry("pip", "25.0", depends=["python"])]).as_uri()


def request_of(channel: str, **profiles: str) -> str:
    """environment.yml.in with such profiles: by name, the keys that each has beside its python."""
    plain = 'python: "3.12", frameworks: [], cuda: none'
    return HEAD.format(channel=channel) + "".join(f"  {name}: {{{plain}, {keys}}}\n" for name, keys in profiles.items())


def variables_of(cache: Path, index: str) -> dict[str, str]:
    """The environment variables by which a command asks the index at the address ``index``."""
    return {"INTERLOCK_CACHE_DIR": str(cache), INDEX_URL: f"{index}/simple/"}
