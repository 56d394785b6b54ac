"""Read when a row was sent, as people and machines write it; a text without a zone is in Casablanca's time. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta

from cohortmgr.accounts.identifiers import western_digits
from cohortmgr.applications.answers.cells import DATE_AS_NUMBER, day_counted, without_text_mark
from cohortmgr.applications.answers.dates import parsed
from cohortmgr.applications.answers.times import TimeOfDay, split_time
from cohortmgr.base.clock import CASABLANCA
from cohortmgr.base.errors import N_, Problem, Refused
from cohortmgr.base.text import bare

_FIRST_YEAR, _LAST_YEAR = 2000, 2200
_LONGEST = 120


def sent_moment(text: str, formats: Sequence[str]) -> datetime | None:
    """The moment in UTC, by one of the `formats` (for strptime) or in one of the ways of machines; None for an empty
    cell. Raises Refused for all else."""
    written = " ".join(western_digits(bare(without_text_mark(text[: 2 * _LONGEST]))).split())
    if not written:
        return None
    found = _by_format(written, formats) or _by_parts(written)
    if found is None or not _FIRST_YEAR <= found.year <= _LAST_YEAR:
        if day := day_counted(written):
            raise Refused(Problem(DATE_AS_NUMBER, {"value": written[:40], "day": f"{day:%d/%m/%Y}"}))
        what = N_("« %(value)s » n’est pas une date d’envoi. Écrivez jour/mois/année heures:minutes.")
        raise Refused(Problem(what, {"value": text.strip()[:40]}))
    return found


def _by_format(text: str, formats: Sequence[str]) -> datetime | None:
    for form in formats:
        try:
            if "%z" in form:
                return datetime.strptime(text, form).astimezone(UTC)
            return datetime.strptime(text, form).replace(tzinfo=CASABLANCA).astimezone(UTC)
        except (ValueError, OverflowError):
            continue
    return None


def _by_parts(text: str) -> datetime | None:
    named, at = split_time(text)
    if at is None:
        named, at = _with_year_behind(text) or (text, TimeOfDay(0))
    try:
        day = parsed(named, ())
        if day is None:
            return None
        start = datetime.combine(day, time(), at.zone or CASABLANCA)
        return (start + timedelta(seconds=at.seconds)).astimezone(UTC)
    except (Refused, ValueError, OverflowError):
        return None


def _with_year_behind(text: str) -> tuple[str, TimeOfDay] | None:
    """The parts of a text like `Sun Jun 8 18:54:00 2025`, as C writes it."""
    before, _, year = text.rpartition(" ")
    named, at = split_time(before)
    return (f"{named} {year}", at) if at is not None and year.isdigit() else None
