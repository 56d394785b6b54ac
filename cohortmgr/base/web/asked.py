"""Numbers of a request, each bounded where it enters: in its address, in its form, and in its headers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flask import request

from cohortmgr.base.typed import MOST, parse_json, whole


def page_asked() -> int:
    """Return the number of the page of a list that the address asks for; the first one if it asks for none."""
    return whole(request.args.get("page"), 1) or 1


def number_sent(name: str, most: int = MOST) -> int | None:
    """Return a field's whole number, or None if the form sends none within 0 and `most`."""
    return whole(request.form.get(name), 0, most)


def json_sent() -> Any:
    """Return what the request's JSON says, or None if it does not read or nests too deeply. Its texts hold no half of
    a surrogate pair, as those of a form hold none."""
    try:
        found = parse_json(request.get_data())
    except ValueError:
        return None
    return None if any(map(_is_broken, _texts(found))) else found


def is_sound(text: str) -> bool:
    """Whether a text can be stored and sent: PostgreSQL takes no NUL, and half of a surrogate pair is no letter."""
    return "\0" not in text and not _is_broken(text)


def _is_broken(text: str) -> bool:
    return any("\ud800" <= letter <= "\udfff" for letter in text)


def _texts(value: object) -> Iterator[str]:
    """Each text of a JSON value, the names among them."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, each in value.items():
            yield name
            yield from _texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)


def number_in_header(name: str) -> int | None:
    """Return the whole number of a header, or None."""
    return whole(request.headers.get(name))
