"""Turn a message's variables into text and back: days, instants and decimals keep their type."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

_KINDS: Mapping[str, Callable[[str], object]] = {
    "instant": datetime.fromisoformat,
    "day": date.fromisoformat,
    "decimal": Decimal,
    "text": str,
}


def encode(content: Mapping[str, Any]) -> str:
    """Return a message's content as JSON.
    Raises TypeError for a value that could not be read back as it was."""
    return json.dumps(content, ensure_ascii=False, default=_marked)


def decode(text: str) -> dict[str, Any]:
    """The inverse of `encode`."""
    content: dict[str, Any] = json.loads(text, object_hook=_unmarked)
    return content


def _marked(value: object) -> dict[str, str]:
    if isinstance(value, datetime):
        return {"$instant": value.isoformat()}
    if isinstance(value, date):
        return {"$day": value.isoformat()}
    if isinstance(value, Decimal):
        return {"$decimal": str(value)}
    if hasattr(value, "__html__"):  # a lazily translated text
        return {"$text": str(value)}
    raise TypeError(f"a message cannot bear {type(value).__name__}: {value!r}")


def _unmarked(found: dict[str, Any]) -> Any:
    if len(found) == 1:
        name, value = next(iter(found.items()))
        if name.startswith("$") and name[1:] in _KINDS:
            return _KINDS[name[1:]](value)
    return found
