"""The columns of the staff's list: which there are, what they are called, and which are shown at first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from cohortmgr.base.errors import N_

COLUMN_NAMES: Mapping[str, str] = {
    "number": N_("Numéro"),
    "diploma": N_("Diplôme"),
    "average": N_("Moyenne"),
    "region": N_("Région"),
    "conditions": N_("Conditions"),
    "state": N_("État"),
    "source": N_("Origine"),
    "sent": N_("Envoyée le"),
    "offering": N_("Choix"),
    "email": N_("Adresse e-mail"),
    "phone": N_("Téléphone"),
    "language": N_("Langue"),
    "documents": N_("Documents"),
    "notes": N_("Notes"),
    "correction": N_("Correction"),
    "outcome": N_("Décision"),
    "changed": N_("Modifiée le"),
}
SORTED_BY: Mapping[str, str] = {
    "number": "number", "average": "average", "region": "region", "sent": "sent", "diploma": "diploma",
    "outcome": "outcome",
}  # fmt: skip

COLUMNS = (
    "number",
    "diploma",
    "average",
    "region",
    "conditions",
    "state",
    "source",
    "sent",
    "offering",
    "email",
    "phone",
    "language",
    "documents",
    "notes",
    "correction",
    "outcome",
    "changed",
)


@dataclass(frozen=True)
class LentColumn:
    """A column that a higher room lends to the list, to whoever holds its `permission` there. What it is read and
    ordered by, its room says beside it (queries/lent.py).

    Its order holds only the files that have a place in it: those of its `group`, a name that several columns may share,
    and which is called `having` where a list is narrowed to it. `words` are its values if it has few, each of which
    narrows too; `tags` their looks. `scale` is by what a figure is divided where it is told."""

    key: str
    title: str
    permission: str
    group: str
    having: str
    words: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    scale: int = 1


# The list's own columns that not everybody who reads its files may show, with what they take: as much as one file's
# telephone takes.
_COLUMN_PERMISSIONS: Mapping[str, str] = {"phone": "applications.manage"}
# By key, in the order in which rooms lend them.
LENT: dict[str, LentColumn] = {}


def permissions() -> dict[str, str]:
    """Return which permission each column takes beside that to read files: some of the list's own, and those lent."""
    return {**_COLUMN_PERMISSIONS, **{key: column.permission for key, column in LENT.items()}}


def names() -> dict[str, str]:
    """Return what each column is called: the list's own, then those that are lent."""
    return {**COLUMN_NAMES, **{key: column.title for key, column in LENT.items()}}


def orders() -> dict[str, str]:
    """Return by what each column that has an order is sorted, as an address says it."""
    return {**SORTED_BY, **{key: key for key in LENT}}


def group_of(sort: str) -> str:
    """Return the group whose files alone an order holds; empty if it holds all."""
    column = LENT.get(sort.removeprefix("-"))
    return column.group if column else ""


def groups() -> dict[str, str]:
    """Return what a list may be narrowed to by lent columns: a group, or one value within it; and what it is called."""
    found: dict[str, str] = {}
    for column in LENT.values():
        found.setdefault(column.group, column.having)
        found.update({f"{column.group}.{value}": word for value, word in column.words.items()})
    return found


PLAIN_COLUMNS = "number,diploma,average,region,conditions,state,source,sent"
