"""What a shared library tells the loader: what it needs and where that is looked for."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO


@dataclass(frozen=True)
class Dynamic:
    """What a library's dynamic section names, in its order."""

    needed: tuple[str, ...]
    """sonames (DT_NEEDED)."""
    runpath: tuple[str, ...]
    """Folders of DT_RUNPATH, or of DT_RPATH where that one is absent; $ORIGIN is left as it is."""

    def folders(self, origin: str) -> tuple[str, ...]:
        """``runpath`` of a library that lies in the folder ``origin``."""
        return tuple(entry.replace("$ORIGIN", origin).replace("${ORIGIN}", origin) for entry in self.runpath)


def read_dynamic(library: BinaryIO) -> Dynamic:
    """The dynamic section of an ELF file; empty where it has none. Raises ``ValueError`` where it cannot be read."""
    from elftools.common.exceptions import ELFError, ELFParseError

    try:
        tags = tuple(_tags(library))
    except (ELFParseError, OverflowError) as error:  # it names a place beyond its end
        raise ValueError("it is cut short") from error
    except (ELFError, AssertionError) as error:  # pyelftools asserts some of what a damaged file does not have
        raise ValueError(str(error) or "it is damaged") from error
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
        raise ValueError("it is damaged") from error  # it names a place before its start
    except ValueError as error:  # a place that no file can have, or names that are no text
        raise ValueError("it is damaged") from error
    needed = tuple(text for name, text in tags if name == "DT_NEEDED")
    # The loader passes over DT_RPATH where there is a DT_RUNPATH.
    paths = [text for name, text in tags if name == "DT_RUNPATH"] or [text for name, text in tags if name == "DT_RPATH"]
    return Dynamic(needed, tuple(part for text in paths for part in text.split(":") if part))


def _tags(library: BinaryIO) -> Iterator[tuple[str, str]]:
    """Each entry that holds a text, by the name of its tag."""
    from elftools.common.utils import elf_assert
    from elftools.elf.dynamic import DynamicSegment
    from elftools.elf.elffile import ELFFile

    length = library.seek(0, os.SEEK_END)
    # The segments are what the loader reads; sections may have been stripped.
    for segment in ELFFile(library).iter_segments():
        elf_assert(segment["p_offset"] + segment["p_filesz"] <= length, "it is cut short")
        if not isinstance(segment, DynamicSegment):
            continue
        for tag in segment.iter_tags():
            if tag.entry.d_tag in ("DT_NEEDED", "DT_RPATH", "DT_RUNPATH"):
                # pyelftools adds the text to the tag by the tag's own name.
                yield tag.entry.d_tag, str(getattr(tag, tag.entry.d_tag.removeprefix("DT_").lower()))
