"""The maintainers' collection of real conda records, where it lies beside the checkout."""

from pathlib import Path

from paths import SHARED

SHARED = SHARED / "channels"


def unpack(folder):
    """The channels with repodata.json unpacked below ``folder``, which py-rattler can read."""
    import zstandard

    for packed in SHARED.glob("*/*/repodata.json.zst"):
        target = Path(folder) / packed.relative_to(SHARED).parent / "repodata.json"
        target.parent.mkdir(parents=True, exist_ok=True)
        with packed.open("rb") as stream:
            target.write_bytes(zstandard.ZstdDecompressor().stream_reader(stream).read())
    return Path(folder)


def index_over(folder, *channels):
    """A ``CondaIndex`` over the unpacked channels, with what was inferred marked."""
    from solver.index.conda import CondaIndex
    from solver.index.conda_config import CondaSettings

    names = channels or ("conda-forge",)
    return CondaIndex(
        names,
        CondaSettings(mirrors={name: ((Path(folder) / name).as_uri(),) for name in names}),
        inferred=frozenset((SHARED / "partial.txt").read_text().split()),
    )
