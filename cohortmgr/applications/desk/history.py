"""What happened to a person's file, as values: one entry for each act, and which answers or papers an act was about.

Pure: queries read, this orders and joins what is alike.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from cohortmgr.base.errors import Problem

# Acts of one person that say the same of several answers are told as one, if they follow each other so closely.
TOGETHER = timedelta(minutes=10)
# Acts that change nothing: who reads the story looks for what did.
READINGS = frozenset({"applications.read_contacts", "applications.read_document", "applications.unseal"})
LocalizedLabel = Mapping[str, str]


@dataclass(frozen=True)
class HistoryEntry:
    """One thing that happened: when, what (a msgid or a Problem), by whom, and a further detail.

    `about` are the labels of the answers or papers that it was about. An entry that is `quiet` changed nothing."""

    at: datetime
    what: Problem | str
    by: str = ""
    more: Problem | str = ""
    about: tuple[LocalizedLabel, ...] = ()
    quiet: bool = False


def questions_in(values: Mapping[str, Any] | None, papers: Mapping[str, str]) -> tuple[str, ...]:
    """Return the keys of the questions that an act's values name; `papers` are those of documents, by reference."""
    after = (values or {}).get("after")
    if not isinstance(after, Mapping):
        return ()
    named = [after.get("question"), *_keys(after.get("questions")), *_keys(after.get("answers"))]
    if not any(named):
        named = [papers.get(str(after.get("document", "")))]
    return tuple(dict.fromkeys(str(key) for key in named if key))


def _keys(value: Any) -> Sequence[str]:
    return [str(key) for key in value] if isinstance(value, Mapping | list) else ()


def told_newest_first(entries: Iterable[HistoryEntry]) -> list[HistoryEntry]:
    """Return entries with the newest first, those that say the same of several answers as one, at the first of their
    moments."""
    found: list[HistoryEntry] = []
    for entry in sorted(entries, key=lambda each: each.at):
        last = found[-1] if found else None
        if last is not None and _continues(last, entry):
            found[-1] = replace(last, about=tuple(_once([*last.about, *entry.about])))
        else:
            found.append(entry)
    return found[::-1]


def _continues(last: HistoryEntry, entry: HistoryEntry) -> bool:
    alike = (last.what, last.by, last.more) == (entry.what, entry.by, entry.more)
    return alike and bool(last.about and entry.about) and entry.at - last.at <= TOGETHER


def _once(labels: Iterable[LocalizedLabel]) -> list[LocalizedLabel]:
    found: list[LocalizedLabel] = []
    for label in labels:
        if label not in found:
            found.append(label)
    return found
