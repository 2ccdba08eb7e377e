"""A request as a user writes it, and what the command line left beside it."""

from pathlib import Path

REQUEST = """\
name: test
channels: [nowhere]
dependencies:
  - python=${python}
  - pip
  - pip:
      - torch==${torch}
      - tensorflow==${tensorflow}
profiles:
  small: {python: "3.12", frameworks: [torch], torch: "2.9.1"}
  smaller: {variant-of: small, frameworks: []}
  never: {python: "3.12", torch: "2.15.0", tensorflow: "2.21.0"}
"""


def written(folder: Path) -> set[str]:
    """What lies in a folder beside the request, and what was recorded for it."""
    files = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    return {name for name in files if not name.startswith("matrices/snapshot/")} - {"environment.yml.in"}
