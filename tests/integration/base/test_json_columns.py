"""What goes into a JSON column passes one gate: NUL and halves of letters are refused alike on both databases."""

from __future__ import annotations

import json
from typing import Any

import pytest
import sqlalchemy as sa

from cohortmgr.base.db import Json, db, writing
from cohortmgr.base.errors import Refused

UNSOUND: list[Any] = [
    "a\0b",
    {"a\0b": 1},
    {"a": {"b": ["x", "\0"]}},
    ["\ud800"],
    {"\udfff": None},
    {"a": "\\\0"},
]
SOUND: list[Any] = ["😀", {"a": "\\u0000"}, ["\\ud800", "\\\\u0000"], {"é": [1, None, True, 1.5]}, "\x01\x7f"]


@pytest.mark.usefixtures("system_context")
@pytest.mark.parametrize("value", UNSOUND)
def test_a_text_that_not_every_database_keeps_is_refused_in_words(value: Any) -> None:
    with pytest.raises(Refused, match="caractère invisible"), writing() as session:
        session.execute(sa.select(sa.literal(value, Json)))
    with writing() as session:  # the session goes on
        assert session.scalar(sa.select(sa.literal(1))) == 1


@pytest.mark.usefixtures("system_context")
@pytest.mark.parametrize("value", SOUND)
def test_any_other_text_is_kept_as_it_is(value: Any) -> None:
    found = db.session.scalar(sa.select(sa.type_coerce(sa.literal(value, Json), Json)))
    assert (json.loads(found) if isinstance(found, str) and not isinstance(value, str) else found) == value
    db.session.rollback()
