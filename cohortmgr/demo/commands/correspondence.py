"""The demonstration's messages: contact wishes, an edited text, mailings, questions, a mail that came back.

Every step is done once, however often the load starts again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from flask import current_app

from cohortmgr.accounts.contacts import is_mobile_of
from cohortmgr.accounts.rules import ANONYMOUS, SYSTEM, Role, Viewer
from cohortmgr.applications.file import queries as file_queries
from cohortmgr.applications.lists.filters import ApplicationFilters
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.demo.commands.choice import chosen_people
from cohortmgr.demo.commands.setting import INTAKE, PROGRAMME, by_role
from cohortmgr.messages.campaigns import actions as campaigns
from cohortmgr.messages.campaigns.queries import recipients
from cohortmgr.messages.campaigns.rules import CampaignDraft, CampaignText
from cohortmgr.messages.helpdesk.actions import handling, questions
from cohortmgr.messages.helpdesk.actions.questions import NewHelpRequest
from cohortmgr.messages.helpdesk.queries import saved_answers
from cohortmgr.messages.helpdesk.rules import Topic
from cohortmgr.messages.incoming import actions as incoming
from cohortmgr.messages.incoming.rules import read_mail
from cohortmgr.messages.letters.queries import log
from cohortmgr.messages.preferences.actions import preferences
from cohortmgr.messages.preferences.queries import preferences as preferences_preferences
from cohortmgr.messages.preferences.rules import ContactPreference
from cohortmgr.messages.texts import actions as wordings
from cohortmgr.messages.texts.queries.preview import TextDraft, held_text
from cohortmgr.messages.undelivered import actions as undelivered
from cohortmgr.outbox.delivery.tasks.handing_over import deliver
from cohortmgr.programmes import queries as programmes
from cohortmgr.stipends.queries import runs as stipends

OPEN_DAY = {
    "fr": CampaignText(
        "Les candidatures de 2027 sont ouvertes",
        "Bonjour {name},\n\nVous aviez candidaté à {programme}. Les candidatures de 2027 sont ouvertes : vous pouvez "
        "en déposer une nouvelle.\n\n{link}",
        "INPT : les candidatures de 2027 sont ouvertes.",
    ),
    "ar": CampaignText(
        "فتح باب الترشيح لسنة 2027",
        "مرحباً {name}،\n\nسبق لكم أن ترشحتم في {programme}. باب الترشيح لسنة 2027 مفتوح، ويمكنكم تقديم ملف جديد.\n\n"
        "{link}",
        "INPT: باب الترشيح لسنة 2027 مفتوح.",
    ),
    "en": CampaignText(
        "Applications for 2027 are open",
        "Hello {name},\n\nYou applied to {programme} before. You may apply again in 2027.\n\n{link}",
        "INPT: applications for 2027 are open.",
    ),
}
SCHOOL_CARD = {
    "fr": CampaignText(
        "Votre carte d’étudiant est prête",
        "Bonjour {name},\n\nVotre carte d’étudiant vous attend au secrétariat, de 9 h à 16 h.\n\n{link}",
        "INPT : votre carte vous attend au secrétariat.",
    ),
    "ar": CampaignText(
        "بطاقة الطالب جاهزة",
        "مرحباً {name}،\n\nبطاقتكم جاهزة بالكتابة، من التاسعة إلى الرابعة بعد الزوال.\n\n{link}",
        "INPT: بطاقتكم جاهزة بالكتابة.",
    ),
    "en": CampaignText(
        "Your student card is ready",
        "Hello {name},\n\nYour student card is waiting at the office, from 9 am to 4 pm.\n\n{link}",
        "INPT: your card is waiting at the office.",
    ),
}
TRANSCRIPT = {
    "fr": "Joignez le relevé du semestre 5, signé par votre établissement. Celui du semestre 6 peut suivre.",
    "ar": "أرفقوا كشف نقط الفصل الخامس موقعاً من مؤسستكم. يمكن إرسال كشف الفصل السادس لاحقاً.",
    "en": "Join the transcript of semester 5, signed by your institution. That of semester 6 may follow.",
}
# The answer of a mail server whose mailbox no longer exists, as in RFC 3464.
_RETURNED = """From: MAILER-DAEMON@mx.example
To: bounces+{reference}@{domain}
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary=x

--x
Content-Type: text/plain

The mailbox is not there any more.
--x
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example

Final-Recipient: rfc822; {address}
Action: failed
Status: 5.1.1

--x--
"""


def correspond() -> None:
    """Do all steps, around the present day."""
    manager, finance = by_role(Role.SELECTION_MANAGER)[0], by_role(Role.FINANCE)[0]
    people = chosen_people(3)
    _choose_preferences(people)
    _write_text(manager)
    _ask(people, manager, finance)
    _mail(manager, by_role(Role.PROGRAMME_ADMINISTRATOR)[0])
    _come_back(manager)


def _choose_preferences(people: list[Viewer]) -> None:
    """Set the contact wishes of three people: two want short messages, the third one mail a day."""
    for number, (person, wish) in enumerate(
        zip(
            people,
            (
                ContactPreference("sms"),
                ContactPreference("sms", campaigns=False),
                ContactPreference(digest=True),
            ),
            strict=False,
        )
    ):
        with writing():
            known = preferences_preferences.chosen_by(person)
            # A sixth of the invented numbers lie where no operator has any mobile.
            phone = known.phone if is_mobile_of(known.phone or "", ("MA",)) else f"+21261234567{number}"
            preferences.choose(person, replace(known, phone=phone, wish=wish))


def _write_text(manager: Viewer) -> None:
    """Add to the reminder of an offer where to call."""
    line = "\n\nUne question ? Appelez le secrétariat au 05 37 00 00 00, de 9 h à 16 h."
    place = wordings.place_for(manager, None, "offer_reminder", "email", "fr")
    held = held_text(place)
    if line.strip() not in held.body:
        with writing():
            wordings.write_text(manager, place, TextDraft(held.subject, held.body + line, held.number))


def _ask(people: list[Viewer], manager: Viewer, finance: Viewer) -> None:
    """Ask four questions: one that is late, one by telephone, one about a payment, and one that was answered."""
    programme = programmes.programme_by_key(PROGRAMME)
    if programme is None:
        raise LookupError(f"the programme {PROGRAMME} is not loaded")
    with clock.at(_ago(12)), writing():
        text = "Bonjour, je suis en troisième année à Fès. Puis-je candidater avec le relevé du semestre 5 seulement ?"
        late = NewHelpRequest(
            Topic.DOCUMENTS, text, "fr", "demo-late", "Sara Alaoui", "sara.alaoui@example.org"
        )
        questions.ask(ANONYMOUS, programme, None, late, "192.0.2.1")
    with clock.at(_ago(1)), writing():
        text = "ليس لدي بريد إلكتروني. كيف أعرف أن ملفي وصل؟"
        called = NewHelpRequest(Topic.ACCOUNT, text, "ar", "demo-phone", "يوسف العلمي", None, "+212661234599")
        questions.ask(ANONYMOUS, programme, None, called, "192.0.2.2")
    with clock.at(_ago(4)), writing():
        text = "Bonjour, à quelle date reçoit-on l’attestation d’inscription ? La banque me la demande."
        asked = questions.ask_on_file(
            people[0],
            file_queries.mine(people[0])[0].Application.reference,
            NewHelpRequest(Topic.DATES, text, "fr", "demo-file"),
        )
    with clock.at(_ago(3)), writing():
        handling.note_call(
            manager, asked.reference, "Appelé : l’attestation est prête.", people[0].name, "demo-call"
        )
        answer = "Votre attestation est prête : vous la trouverez au secrétariat, de 9 h à 16 h."
        handling.answer(manager, asked.reference, answer, "demo-answer")
        if not saved_answers.saved(manager):
            handling.save_answer(manager, programme, Topic.DOCUMENTS, "Relevé du semestre 5", TRANSCRIPT)
    lines = stipends.mine(people[1])
    if lines:
        with clock.at(_ago(1)), writing():
            text = "Bonjour, ma bourse de janvier n’est pas arrivée sur mon compte. Pouvez-vous vérifier le RIB ?"
            paid = questions.ask_on_line(
                people[1], lines[0].reference, NewHelpRequest("", text, "fr", "demo-line")
            )
            handling.take(finance, paid.reference)


def _mail(manager: Viewer, administrator: Viewer) -> None:
    """Make two mailings: one to the cohort, which the worker sends at once, and one that waits for approval."""
    with clock.at(_ago(1)):
        card, people = _proposed(manager, CampaignDraft("Cartes d’étudiant", SCHOOL_CARD, to_cohort=True))
        with writing():
            campaigns.approve(administrator, card, str(people))
    _proposed(manager, CampaignDraft("Ouverture de 2027", OPEN_DAY, ApplicationFilters(eligible="yes")))


def _proposed(manager: Viewer, draft: CampaignDraft) -> tuple[str, int]:
    """Propose a mailing. Returns its reference and the number of people on its list."""
    intake = programmes.intake_of(PROGRAMME, INTAKE)
    with writing():
        made = campaigns.create(manager, intake.reference, draft, f"demo {draft.title}"[:26])
    if made.state == "draft":
        total = recipients.counts(made).total
        with writing():
            campaigns.propose(manager, made.reference, str(total))
    return made.reference, made.total


def _come_back(manager: Viewer) -> None:
    """Send one mail and let it come back as undelivered."""
    if undelivered.count(manager):
        return
    deliver(1)
    found = db.session.execute(log.listed(manager, "sent", "").limit(1)).first()
    if found is None:
        return
    message = found[0]
    domain = current_app.extensions["cohortmgr-settings"].mail_domain
    told: Mapping[str, str] = {
        "reference": message.reference,
        "domain": domain,
        "address": "parti@example.org",
    }
    mail = read_mail(_RETURNED.format(**told).replace("\n", "\r\n").encode(), domain)
    with writing():
        incoming.receive(SYSTEM, mail)


def _ago(days: int) -> datetime:
    return clock.now() - timedelta(days=days)
