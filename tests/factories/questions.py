"""Makes the questions of the year (on a file, on a payment line, without account), and a returned message.

It also makes a saved answer."""

from __future__ import annotations

import sqlalchemy as sa

from cohortmgr.accounts.rules import ANONYMOUS, Viewer
from cohortmgr.base import storage
from cohortmgr.base.db import db, writing
from cohortmgr.messages.helpdesk.actions import handling, questions
from cohortmgr.messages.helpdesk.actions.attachments import KeptFile
from cohortmgr.messages.helpdesk.actions.questions import NewHelpRequest
from cohortmgr.messages.helpdesk.models import ThreadEntry
from cohortmgr.messages.helpdesk.rules import Topic
from cohortmgr.messages.undelivered.models import DeliveryTrouble
from cohortmgr.outbox.delivery.actions.outcomes import tell
from cohortmgr.outbox.models import Message
from cohortmgr.programmes.queries import get_intake, programme_by_key

TEXTS = {
    "fr": "Le relevé du semestre 5.",
    "ar": "كشف نقط الفصل الخامس.",
    "en": "The transcript of semester 5.",
}


def brought(owner: Viewer, manager: Viewer, application: str, line: str, intake: str) -> dict[str, str]:
    """Make them. Returns their references by the names that the addresses of the role × route table use."""
    programme = programme_by_key("mdia")
    assert programme is not None
    text = "Bonjour, quel relevé de notes faut-il joindre pour la troisième année ? Merci d’avance."
    stored = storage.store(b"%PDF-1.4")
    joined = KeptFile(stored.key, "relevé.pdf", stored.size, "application/pdf")
    with writing():
        on_file = questions.ask_on_file(
            owner, application, NewHelpRequest(Topic.DOCUMENTS, text, "fr", "file", attachment=joined)
        ).reference
        on_line = questions.ask_on_line(
            owner, line, NewHelpRequest("", "Pourquoi deux jours de moins ?", "fr", "line")
        ).reference
        given = NewHelpRequest(Topic.DOCUMENTS, text, "ar", "open", "Sara Alaoui", "sara@exemple.ma")
        questions.ask(ANONYMOUS, programme, get_intake(intake), given, "192.0.2.1")
        handling.answer(manager, on_file, TEXTS["fr"], "first", waits=True)
        saved = handling.save_answer(manager, programme, Topic.DOCUMENTS, "Relevés", TEXTS).reference
        letter = db.session.scalars(
            sa.select(Message.subject).where(Message.key == "question_received", Message.person_id.is_(None))
        ).one()
        [linked] = questions.links.create_many(
            questions.LINK, [letter], questions.LINK_LIFETIME, programme.institution_id
        )
        offer = sa.select(Message).where(
            Message.key == "offer_accepted", Message.person_id == owner.person_id
        )
        message = db.session.scalars(offer).one()
        tell(message, {"state": "returned", "error": "5.1.1"})
    trouble = db.session.scalars(
        sa.select(DeliveryTrouble.reference).where(DeliveryTrouble.message_reference == message.reference)
    )
    entry = sa.select(ThreadEntry.reference).where(ThreadEntry.file_key == joined.key)
    return {
        "question": on_file,
        "question_file": db.session.scalars(entry).one(),
        "line_question": on_line,
        "question_link": linked,
        "saved_answer": saved,
        "trouble": trouble.one(),
    }
