"""What the readers of JSON share: parsing, with an error that names the line."""

from __future__ import annotations

import json
from typing import Any

from solver.core.errors import BadInput

JsonValue = dict[str, Any] | list[Any]


def parse_json(text: str, file: str) -> JsonValue:
    """``text`` as a mapping or a list; raises ``BadInput`` with the line of what is neither."""
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        raise BadInput(f"expected JSON, but {error.msg}", file=file, line=error.lineno) from None
    except (RecursionError, ValueError) as error:
        raise BadInput(f"expected JSON, but {error}", file=file) from None
    if not isinstance(value, dict | list):
        raise BadInput("expected a mapping or a list", file=file)
    return value
