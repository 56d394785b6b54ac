"""Dates as a file for a calendar: what RFC 5545 asks for, read back line by line."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

from cohortmgr.base.printed.calendars import CalendarDate, calendar_file

NOW = datetime(2026, 11, 30, 9, 5, tzinfo=UTC)


def lines(*dates: CalendarDate) -> list[str]:
    """The lines of the file as its reader puts them together."""
    written = calendar_file("Master ; « IA », Rabat", dates, NOW).decode()
    assert written.endswith("END:VCALENDAR\r\n") and "\n" not in written.replace("\r\n", "")
    assert all(len(line.encode()) <= 75 for line in written.split("\r\n"))
    return written.replace("\r\n ", "").split("\r\n")


def test_days_end_on_the_day_after_and_take_no_time_of_anybody() -> None:
    found = lines(CalendarDate("a", "Période en entreprise", date(2027, 1, 4), date(2027, 1, 29)))
    assert {"DTSTART;VALUE=DATE:20270104", "DTEND;VALUE=DATE:20270130", "TRANSP:TRANSPARENT"} <= set(found)
    assert "DTEND;VALUE=DATE:20270105" in lines(CalendarDate("a", "Rentrée", date(2027, 1, 4)))
    assert "UID:a@cohortmgr" in found and "DTSTAMP:20261130T090500Z" in found


def test_a_moment_is_written_in_utc_and_warned_of() -> None:
    summer = datetime(2027, 6, 30, 18, 0, tzinfo=timezone(timedelta(hours=1)))
    found = lines(CalendarDate("b", "Clôture", summer, None, "https://exemple.ma/x", timedelta(days=1)))
    assert "DTSTART:20270630T170000Z" in found and "URL:https://exemple.ma/x" in found
    assert found[found.index("BEGIN:VALARM") :][3] == "TRIGGER:-PT1440M"
    assert not any(line.startswith("DTEND") for line in found)


def test_what_has_a_meaning_in_the_file_is_said_as_a_letter() -> None:
    found = lines(CalendarDate("c", "Un; deux, trois\\ quatre\r\ncinq", date(2027, 1, 4)))
    assert "SUMMARY:Un\\; deux\\, trois\\\\ quatre\\ncinq" in found
    assert "X-WR-CALNAME:Master \\; « IA »\\, Rabat" in found


def test_a_long_line_is_broken_between_letters() -> None:
    title = "ماستر علوم البيانات والذكاء الاصطناعي بالتناوب، " * 5
    assert f"SUMMARY:{title}" in lines(CalendarDate("d", title, date(2027, 1, 4)))


def test_an_entry_that_changed_has_a_higher_number_and_says_its_hour_in_words() -> None:
    plain = lines(CalendarDate("e", "Entretien", date(2027, 1, 4)))
    assert not [each for each in plain if each.startswith(("SEQUENCE", "DESCRIPTION"))]
    changed = lines(
        CalendarDate("e", "Entretien", date(2027, 1, 4), sequence=2_001, note="Heure : 09:00, ici")
    )
    assert "SEQUENCE:2001" in changed and "DESCRIPTION:Heure : 09:00\\, ici" in changed
