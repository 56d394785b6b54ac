"""The form divided into pages: what each question lacks, and how far a section is."""

from __future__ import annotations

from cohortmgr.applications.file.rules import missing
from cohortmgr.applications.form.pages import (
    SectionProgress,
    by_question,
    first_undone,
    met,
    pages_of,
    progress,
)
from cohortmgr.base.errors import Problem
from cohortmgr.programmes.definition.rules import Question, QuestionKind
from cohortmgr.programmes.definition.toml import read_known

MDIA = read_known("mdia")
TOWN = Question("town", QuestionKind.TEXT, {"fr": "Ville"})
PAPER = Question("paper", QuestionKind.FILE, {"fr": "Pièce"})


def test_what_is_lacking_is_told_by_its_question_and_not_by_one_with_a_like_name() -> None:
    wheres = ("home-commune", "home", "home-two", "rows-0-title", None, "unknown-1")
    problems = {where: Problem("x", where=where) for where in wheres}
    found = by_question(problems.values(), {"home", "home-two", "rows"})
    assert found["home"] == [problems["home-commune"], problems["home"]]
    assert found["home-two"] == [problems["home-two"]]
    assert found["rows"] == [problems["rows-0-title"]]
    assert found[""] == [problems[None], problems["unknown-1"]]


def test_a_section_is_untouched_begun_done_optional_or_to_mend() -> None:
    assert progress([TOWN], {}, (), {"town"}) is SectionProgress.UNTOUCHED
    assert progress([TOWN, PAPER], {"town": "Fès"}, (), {"paper"}) is SectionProgress.BEGUN
    assert progress([TOWN, PAPER], {"town": "Fès"}, {"paper"}, ()) is SectionProgress.DONE
    assert progress([TOWN], {}, (), {"elsewhere"}) is SectionProgress.OPTIONAL
    assert progress([PAPER], {}, {"paper"}, (), {"paper"}) is SectionProgress.MEND


def test_the_first_page_with_something_to_do_is_found() -> None:
    pages = met(MDIA.form, {})
    lacking = by_question(missing(MDIA.form, {}, ()), {key for page in pages for key in page.keys})
    assert first_undone(pages, lacking, ()) == pages[0]
    grades = next(page for page in pages_of(MDIA.form) if "s4" in page.keys)
    assert first_undone(pages, {"s4": []}, ()) == grades
    papers = first_undone(pages, {}, {"transcripts"})
    assert papers is not None and "transcripts" in papers.keys
    assert first_undone(pages, {}, ()) is None


def test_every_known_form_is_sent_within_twenty_pages() -> None:
    """Seven pages stand around the form: home, programme, sign-in, code, start, check, sent."""
    for name in ("mdia", "jobintech", "ai-master-junior"):
        definition = read_known(name)
        for intake in definition.intakes:
            if intake.key != "2025":  # its candidates came in a file, and gave a RIB and an address
                assert len(met(definition.of_intake(intake.key).form, {})) <= 13, (name, intake.key)
