"""What the readers of JSON share: parsing, with an error that names the line."""

from __future__ import annotations

import json

from solver.audit.readers.foreign import PlainDocument
from solver.core.errors import BadInput


def parse_json(text: str, file: str) -> PlainDocument:
    """``text`` as a mapping or a list; raises ``BadInput`` with the line of what is neither."""
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        raise BadInput(f"expected JSON, but {error.msg}", file=file, line=error.lineno) from None
    except RecursionError:
        raise BadInput("expected JSON, but it is nested too deeply to be read", file=file) from None
    except ValueError as error:  # a number that Python does not read
        raise BadInput(f"expected JSON, but {str(error).partition(';')[0]}", file=file) from None
    if not isinstance(value, dict | list):
        raise BadInput("expected a mapping or a list", file=file)
    return PlainDocument(file, value)
