"""The tab of a person's page that shows what was written to them, and what they asked."""

from __future__ import annotations

from cohortmgr.accounts.rules import Viewer, allows
from cohortmgr.applications.file.queries import File
from cohortmgr.base.paging import page_of
from cohortmgr.base.registries.person_page import TabContent
from cohortmgr.base.web.asked import place_asked
from cohortmgr.messages.helpdesk import names as desk_names
from cohortmgr.messages.helpdesk.queries import questions
from cohortmgr.messages.helpdesk.rules import QUESTION_STATES
from cohortmgr.messages.letters.names import CHANNELS, LANGUAGE_NAMES, TAGS
from cohortmgr.messages.letters.queries import log, of_person
from cohortmgr.outbox.notices import bearing_keys, declared
from cohortmgr.outbox.rules import MESSAGE_STATES

SHOWN = 50


def draw(viewer: Viewer, file: File) -> TabContent:
    """Return a page of the letters to a file's person, and their questions at the viewer's desk."""
    person, path = file.application.person_id, file.intake.path
    writes, answers = allows(viewer, log.PERMISSION, path), allows(viewer, questions.DESK, path)
    letters = None
    if writes:
        letters = page_of(of_person.letters_to(viewer, person), place_asked(), SHOWN, up_to=log.COUNTED)
    values = {
        "letters": letters,
        "questions": of_person.questions_of(viewer, person) if answers else [],
        "answers": answers,
        "notices": declared,
        "letter_states": MESSAGE_STATES.names,
        "letter_tags": TAGS,
        "channels": CHANNELS,
        "languages": LANGUAGE_NAMES,
        "closed": bearing_keys(),
        "topics": desk_names.TOPICS,
        "question_states": QUESTION_STATES.names,
        "question_tags": desk_names.TAGS,
    }
    return TabContent("messages/letters/staff_person.html", values)
