"""WTForms fields for answers of several parts: their inputs, and the errors of the whole and of each part."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from wtforms import FieldList, FormField
from wtforms.utils import unset_value


class Parts(FormField):
    """One answer in several inputs, named `key-part`. `own` are the errors of the whole alone."""

    def __init__(self, form_class: Any, label: str, *, optional: bool = False, **kwargs: Any) -> None:
        super().__init__(form_class, label, **kwargs)
        self.own: list[str] = []
        if optional:
            self.flags.optional = True

    def process(self, formdata: Any, data: Any = unset_value, extra_filters: Any = None) -> None:
        """Fill the inputs from what was sent, or from a mapping of their names to what stands in them.

        WTForms passes a mapping's items on as arguments, where a part named `data` would be one of its own.
        """
        self.object_data = data
        given = data if isinstance(data, Mapping) else {}
        inside = {"_parent_form": self._form}
        self.form = self.form_class(
            formdata=formdata, prefix=self.name + self.separator, data=given, meta=inside
        )

    @property
    def errors(self) -> list[str]:
        """All errors, those of the whole first."""
        return [*self.own, *(message for part in self.form for message in part.errors)]

    @errors.setter
    def errors(self, messages: Iterable[str]) -> None:
        self.own = list(messages)

    @property
    def first(self) -> str:
        """The id of the input that an error of the whole leads to."""
        part = next(iter(self.form))
        return str(getattr(part, "first", part.id))

    def links(self) -> Iterator[tuple[str, str]]:
        """Each error with the id of the input to mend."""
        yield from ((self.first, message) for message in self.own)
        for part in self.form:
            yield from links_of(part)


class GroupRows(FieldList):
    """The rows of a group, each `Parts`. `errors` are those of the whole and of every row."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.own: list[str] = []
        self.entries: list[Any] = []
        super().__init__(*args, **kwargs)

    @property
    def errors(self) -> list[str]:
        """All errors, those of the whole first."""
        return [*self.own, *(message for row in self.entries for message in row.errors)]

    @errors.setter
    def errors(self, messages: Iterable[str]) -> None:
        self.own = list(messages)

    def add_row(self) -> None:
        """Add an empty row, if there is room."""
        if self.max_entries is None or len(self.entries) < self.max_entries:
            self.append_entry()

    def links(self) -> Iterator[tuple[str, str]]:
        """Each error with the id of the input to mend; those of the whole lead to its legend."""
        yield from ((self.id, message) for message in self.own)
        for row in self.entries:
            yield from row.links()


def links_of(field: Any) -> Iterator[tuple[str, str]]:
    """Each error of a field of any kind, with the id of the input to mend."""
    if isinstance(field, Parts | GroupRows):
        yield from field.links()
    else:
        yield from ((field.id, message) for message in field.errors)


def place_of(form: Any, where: str) -> Any:
    """The field of that name, however deep; None when there is none."""
    for field in form:
        if field.name == where:
            return field
        if where.startswith(f"{field.name}-"):
            inside = field.entries if isinstance(field, GroupRows) else getattr(field, "form", None)
            found = place_of(inside, where) if inside is not None else None
            if found is not None:
                return found
    return None
