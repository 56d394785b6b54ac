"""Hold each page of the tests to the names that its view gives: one that nobody gave is an error, as in Python.

For people such a name stays empty, which beats an error; but a page that says nothing where it should say something
was made so by mistake. A refused invitation once offered the renewal of a link without naming the link."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from jinja2 import Undefined
from jinja2.utils import missing


class UnknownName(Undefined):
    """Fails where it is used, if nobody gave the name. Missing keys and attributes stay empty, and so does the
    `caller` of a macro that is called plainly."""

    def _require(self) -> None:
        if self._undefined_obj is missing and self._undefined_name != "caller":
            self._fail_with_undefined_error()

    def __str__(self) -> str:
        self._require()
        return super().__str__()

    def __iter__(self) -> Iterator[Any]:
        self._require()
        return super().__iter__()

    def __bool__(self) -> bool:
        self._require()
        return super().__bool__()

    def __len__(self) -> int:
        self._require()
        return super().__len__()
