"""Turns a programme's dates into fields of a page, and back into plain tables.

The dates are those of its campaigns, training and reminders. On the page, times are written as people write
them, in Casablanca's time.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from cohortmgr.accounts.identifiers import western_digits
from cohortmgr.base.clock import CASABLANCA
from cohortmgr.base.errors import N_, Problem
from cohortmgr.base.typed import day, moment
from cohortmgr.programmes.definition.comparing import DATE_NAMES
from cohortmgr.programmes.definition.sections import PeriodKind
from cohortmgr.programmes.drafts.campaign_fields import placed
from cohortmgr.programmes.drafts.figures import MOST_WAITING, count, hours
from cohortmgr.programmes.drafts.question_fields import (
    LIMITS,
    KeyedRows,
    PostedValues,
    QuestionTable,
    Typed,
    one,
    put,
    read_rows,
)

# The dates of a campaign: label, and whether an hour is given with it.
DATES: Mapping[str, tuple[str, bool]] = {
    name: (label, name in ("opens_at", "closes_at")) for name, label in DATE_NAMES.items()
}
PERIOD_KINDS: Mapping[PeriodKind, str] = {
    PeriodKind.TRAINING: N_("cours"),
    PeriodKind.COMPANY: N_("en entreprise"),
    PeriodKind.EXAMS: N_("examens"),
    PeriodKind.HOLIDAY: N_("vacances"),
}
SHOWN = ("intakes", "calendar", "reminders", "offers")
MOST_PERIODS, LONGEST_TERM = 60, 365
_PERIODS = KeyedRows("periods", "title", MOST_PERIODS, "periode")
_A_MOMENT = N_("Écrivez une date et une heure comme 2027-06-30T18:00.")
_A_DAY = N_("Choisissez un jour.")
_DAYS = N_("Écrivez un nombre entier de jours, %(most)s au plus.")


def scheduled(document: Mapping[str, Any]) -> QuestionTable:
    """The part of a document that the page shows."""
    return {name: copy.deepcopy(document[name]) for name in SHOWN if name in document}


def read_dates(given: PostedValues, document: Mapping[str, Any]) -> Typed:
    """The same part as typed on the page. Text that is no date is a problem, and stays on the page as it was
    typed."""
    typed = Typed(scheduled(document))
    fields = placed(given, typed.table.get("intakes", ()))
    given = fields.given
    typed.press(given)
    for place, intake in enumerate(typed.table.get("intakes", ())):
        if place not in fields.shown:  # somebody added it meanwhile
            continue
        intake["title"] = typed.localized(given, f"intakes-{place}-title", LIMITS["title"])
        for name, (_label, with_hour) in DATES.items():
            intake[name] = _date(typed, given, f"intakes-{place}-{name}", with_hour=with_hour)
    _read_calendar(typed, given)
    _read_terms(typed, given)
    if typed.act:  # adding or removing a row does not save: no problem is shown yet
        typed.problems.clear()
    typed.problems.extend(fields.gone)
    return typed


def _read_calendar(typed: Typed, given: PostedValues) -> None:
    calendar = typed.table.setdefault("calendar", {})
    calendar["starts_on"] = _date(typed, given, "calendar-starts_on")
    put(calendar, "company_from", _date(typed, given, "calendar-company_from", optional=True))

    def read(name: str) -> QuestionTable:
        kind = one(given, f"{name}-kind")
        return {
            "title": typed.localized(given, f"{name}-title", LIMITS["title"]),
            "starts_on": _date(typed, given, f"{name}-starts_on"),
            "ends_on": _date(typed, given, f"{name}-ends_on"),
            "kind": kind if kind in list(PeriodKind) else PeriodKind.TRAINING.value,
        }

    before = calendar.get("periods", [])
    put(calendar, "periods", read_rows(typed, given, _PERIODS, before, read))


def _read_terms(typed: Typed, given: PostedValues) -> None:
    """Read the hours of reminders and the days to answer; a part that is empty is left out."""
    for part, name in (("reminders", "draft_hours"), ("offers", "reminders_hours")):
        put(typed.table.setdefault(part, {}), name, hours(typed, given, f"{part}-{name}"))
    put(typed.table["offers"], "days_to_answer", _days(typed, given, "offers-days_to_answer"))
    waiting = count(typed, given, "offers-waiting_list", 0, MOST_WAITING, optional=True)
    put(typed.table["offers"], "waiting_list", waiting)
    put(typed.table["offers"], "last_day", _date(typed, given, "offers-last_day", optional=True))
    for part in ("reminders", "offers"):
        if not typed.table[part]:
            typed.table.pop(part)


def put_dates(document: QuestionTable, said: Mapping[str, Any]) -> None:
    """Put what the page said into a document; a part that is empty is taken out."""
    for name in SHOWN:
        put(document, name, said.get(name))


def _date(
    typed: Typed, given: PostedValues, where: str, *, with_hour: bool = False, optional: bool = False
) -> str:
    """A date in the form that documents have, or the text as it was typed if it is no date."""
    said = western_digits(typed.text(given, where, 30))
    if optional and not said:
        return ""
    read = _read(said, with_hour)
    if read is None:
        typed.problems.append(Problem(_A_MOMENT if with_hour else _A_DAY, {}, where))
    return said if read is None else read


def _read(said: str, with_hour: bool) -> str | None:
    """A time in UTC, or a day, in the form that documents have; None if the text is neither."""
    if with_hour:
        found = moment(said, CASABLANCA)
        return found.isoformat() if found else None
    read = day(said)
    return read.isoformat() if read else None


def _days(typed: Typed, given: PostedValues, where: str) -> Any:
    said = western_digits(typed.text(given, where, 10))
    if not said:
        return None
    if not _is_whole(said) or int(said) > LONGEST_TERM:
        typed.problems.append(Problem(_DAYS, {"most": LONGEST_TERM}, where))
        return said
    return int(said)


def _is_whole(said: str) -> bool:
    return said.isascii() and said.isdecimal() and len(said) < 5


def shown_date(said: Any, with_hour: bool = False) -> str:
    """A document's date or time as the page's field shows it, in Casablanca's time."""
    if not with_hour:
        return str(said or "")
    found = moment(str(said), CASABLANCA)
    return found.astimezone(CASABLANCA).strftime("%Y-%m-%dT%H:%M") if found else str(said or "")


def anchor(path: tuple[str | int, ...]) -> str:
    """The name of the page's field that a fault at this path concerns."""
    rest = [str(each) for each in path]
    if path[:2] == ("calendar", "periods"):
        return "-".join([*rest[1:3], *(rest[3:] or ["title", "fr"])][:4])
    return "-".join(rest[:2] if path[0] in ("reminders", "offers") else rest)
