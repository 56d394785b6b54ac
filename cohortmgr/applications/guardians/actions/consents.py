"""Ask guardians for their consent, and write what they answer for each child and purpose."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import sqlalchemy as sa

from cohortmgr.accounts.actions import counting, links
from cohortmgr.accounts.contacts import SMS, Contact
from cohortmgr.accounts.limits import HOUR, Caller, Limit
from cohortmgr.accounts.models import Person
from cohortmgr.accounts.rules import LINK_LIFETIME, Viewer
from cohortmgr.applications.answers.values import Answer
from cohortmgr.applications.file.models import Application
from cohortmgr.applications.file.queries import File, own_held
from cohortmgr.applications.file.rules import ApplicationState, Consent
from cohortmgr.applications.guardians.actions.telling import tell_child
from cohortmgr.applications.guardians.models import ConsentAnswer, Guardianship
from cohortmgr.applications.guardians.queries import (
    Child,
    acting_for,
    children,
    contact_of,
    guardian,
    guardians_by_contact,
    guardianships,
)
from cohortmgr.applications.guardians.rules import Named, born_on, comes_of_age, consent_of, guardian_of
from cohortmgr.audit.actions import About, about, record
from cohortmgr.base import clock, crypto
from cohortmgr.base.databases.parts import in_parts
from cohortmgr.base.db import db, present, table_of
from cohortmgr.base.errors import N_, Problem, Refused
from cohortmgr.base.hooks import Hook
from cohortmgr.base.text import clean, fold, new_reference
from cohortmgr.outbox.actions import Letter, send_all
from cohortmgr.programmes.definition.rules import Definition

LINK = "guardian"
# How long the receipt's link holds, by which an answer may be changed; whoever loses it asks for another.
STANDING = timedelta(days=365)
# How often in an hour a person may have a guardian asked by SMS: the first number may be wrong.
ASKED_AN_HOUR = 6
_TOO_MANY = N_("Trop de SMS viennent de partir vers des tuteurs. Vérifiez le numéro, et attendez une heure.")
_ANSWER = N_("%(child)s, « %(purpose)s » : répondez oui ou non.")
_SIGN = N_("Signez en écrivant votre nom.")
_CAPACITY = N_("Dites en quelle qualité vous répondez.")

# Called once a sent file is hidden for want of consent: higher rooms undo what they did with it.
on_hidden: Hook[[Viewer, Application], None] = Hook()


@dataclass(frozen=True)
class ConsentRequest:
    """A child's file whose guardian is to be asked."""

    application: str
    child_id: int
    institution_id: int
    named: Named
    until: date


def ask_all(
    viewer: Viewer,
    asked: Sequence[ConsentRequest],
    language: str,
    programme: Mapping[str, str],
    bundle: str | None = None,
) -> None:
    """Record the guardians and send each of them one link for all their children; a handful of statements.
    The caller has locked the files and checked that it may ask. `bundle` is that of the letters."""
    if not asked:
        return
    found = _guardians({each.named.contact: each.named for each in asked}, language)
    _note_guardianships(asked, found)
    counts: dict[str, int] = {}
    for each in asked:
        reference = found[each.named.contact].reference
        counts[reference] = counts.get(reference, 0) + 1
    tokens = links.create_many(LINK, list(counts), LINK_LIFETIME)
    persons = {person.reference: person for person in found.values()}
    send_all(
        letter_to(
            viewer,
            "guardian_asked",
            persons[reference],
            token,
            programme,
            asked[0].institution_id,
            count,
            bundle,
        )
        for (reference, count), token in zip(counts.items(), tokens, strict=True)
    )
    after = {"applications": [each.application for each in asked]}
    record(
        viewer,
        "guardians.ask",
        About("application", asked[0].application, asked[0].institution_id),
        after=after,
    )


def ask_one(viewer: Viewer, file: File) -> None:
    """Ask the guardian whom the file names. The caller has locked it; it is a child's, and complete.

    Whoever has an account can name any number, and take it back to name another: these SMS are of the day's."""
    contact = Contact(*guardian_of(file.definition.form, file.answers).contact)
    if contact.channel == SMS:
        by_sms = counting.limits_of_sms(contact.address, Caller("", viewer.reference))
        counting.count([Limit("guardian-asked", viewer.reference, ASKED_AN_HOUR, HOUR, _TOO_MANY), *by_sms])
    ask_named(viewer, file.application, file.definition, file.answers)


def ask_named(
    viewer: Viewer, row: Application, definition: Definition, answers: Mapping[str, Answer]
) -> None:
    """As `ask_one`, for a file whose answers are just being written."""
    terms, born = definition.guardians, born_on(definition.form, answers)
    if terms is None or born is None:
        raise LookupError(row.reference)
    asking = ConsentRequest(
        row.reference,
        row.person_id,
        row.institution_id,
        guardian_of(definition.form, answers),
        comes_of_age(born, terms.under),
    )
    ask_all(viewer, [asking], terms.language, definition.title)


def letter_to(
    viewer: Viewer,
    key: str,
    person: Person,
    token: str,
    programme: Mapping[str, str],
    institution_id: int | None,
    count: int,
    bundle: str | None = None,
) -> Letter:
    """A letter to the guardian's telephone or address: that is all we know, so no preference is read."""
    contact = contact_of(person)
    variables = {
        "token": token,
        "name": person.given_name,
        "programme": dict(programme),
        "count": count,
        "days": (LINK_LIFETIME if key != "guardian_receipt" else STANDING).days,
    }
    return Letter(
        key, person.reference, contact.address, person.language, variables, institution_id,
        channel=contact.channel, bundle=bundle,
    )  # fmt: skip


def _guardians(by_contact: Mapping[tuple[str, str], Named], language: str) -> dict[tuple[str, str], Person]:
    """Return the person of each contact: a guardian who is already known by it, or a new one."""
    found = guardians_by_contact(by_contact)
    rows = []
    for contact, named in by_contact.items():
        if contact in found:
            continue
        reference = new_reference()
        channel, address = contact
        rows.append(
            {
                "reference": reference, "version": 1, "given_name": named.name[:120], "family_name": "",
                "given_name_ar": "", "family_name_ar": "", "search_name": fold(named.name), "sex": None,
                "birth_date": None, "email": named.email or None, "language": language,
                "created_at": clock.now(),
                "phone_sealed": crypto.seal(address, "persons", "phone", reference) if channel == "sms" else None,
                "phone_blind": crypto.blind_index("phone", address) if channel == "sms" else None,
            }
        )  # fmt: skip
    if rows:
        references = [str(row["reference"]) for row in rows]
        present(*references)
        db.session.connection().execute(sa.insert(table_of(Person)), rows)
        for part in in_parts(references):
            for person in db.session.scalars(sa.select(Person).where(Person.reference.in_(part))):
                contact_held = contact_of(person)
                found[contact_held.channel, contact_held.address] = person
    return found


def _note_guardianships(asked: Sequence[ConsentRequest], found: Mapping[tuple[str, str], Person]) -> None:
    """Record the guardianships: one for each child and institution; earlier ones end."""
    wanted = {(each.child_id, each.institution_id): each for each in asked}
    held: dict[tuple[int, int, int], Guardianship] = {}
    for part in in_parts(child for child, _ in wanted):
        for row in db.session.scalars(sa.select(Guardianship).where(Guardianship.child_id.in_(part))):
            held[row.child_id, row.institution_id, row.guardian_id] = row
    moment, fresh = clock.now(), []
    ended: list[int] = []
    for (child, institution, guardian_id), row in held.items():
        each = wanted.get((child, institution))
        if each is not None and found[each.named.contact].id != guardian_id and row.ended_at is None:
            ended.append(row.id)
    for (child, institution), each in wanted.items():
        guardian_id = found[each.named.contact].id
        known = held.get((child, institution, guardian_id))
        if known is not None:
            known.ended_at, known.capacity, known.until = None, each.named.capacity, each.until
            continue
        fresh.append(
            {
                "reference": new_reference(), "institution_id": institution, "child_id": child,
                "guardian_id": guardian_id, "capacity": each.named.capacity, "until": each.until,
                "created_at": moment, "ended_at": None,
            }
        )  # fmt: skip
    table = table_of(Guardianship)
    if fresh:
        db.session.connection().execute(sa.insert(table), fresh)
    for ids in in_parts(ended):
        db.session.connection().execute(sa.update(table).where(table.c.id.in_(ids)).values(ended_at=moment))


@dataclass(frozen=True)
class GuardianAnswer:
    """What a guardian sends for one child: the capacity, and yes or no for each purpose."""

    capacity: str
    answers: Mapping[str, bool]


def answer(
    viewer: Viewer,
    token: str,
    guardian_reference: str,
    said: Mapping[str, GuardianAnswer],
    signed: str,
    language: str,
) -> str:
    """Write a guardian's answers (`said`, by file reference) and use up the link; returns a receipt's token.

    Refused, with each problem's `where` = "reference-purpose", unless every child that waits is answered. The
    caller has verified by a code, in a visit of this very link, that the guardian reads what is sent to them.
    """
    signed = clean(signed)[:160]
    link = links.peek(token, LINK)
    if link.subject != guardian_reference:
        raise Refused(N_("Ce lien n’est pas celui de cette visite. Ouvrez-le de nouveau."))
    person = guardian(guardian_reference)
    held = guardianships(person)
    with acting_for(held):
        mine = children(held, lock=True)
        problems = [
            problem
            for child in mine
            for problem in unanswered(viewer, child, said.get(child.application.reference))
        ]
        if not signed:
            problems.append(Problem(_SIGN, {}, "signed"))
        if problems:
            raise Refused(*problems)
        links.use(token, LINK)
        for child in mine:
            write_answers(viewer, person, child, said[child.application.reference], signed, language)
        receipt = links.create(LINK, person.reference, STANDING)
        if mine:
            institution, programme = mine[0].application.institution_id, mine[0].definition.title
            person.language = language
            send_all(
                [letter_to(viewer, "guardian_receipt", person, receipt, programme, institution, len(mine))]
            )
    return receipt


def unanswered(viewer: Viewer, child: Child, said: GuardianAnswer | None) -> list[Problem]:
    """What answers for a child still lack, each with `where` = "reference-purpose" or "reference-capacity"."""
    reference = child.application.reference
    answers = said.answers if said else {}
    problems = [
        Problem(_ANSWER, {"child": child.given_name, "purpose": purpose.title}, f"{reference}-{purpose.key}")
        for purpose in child.terms.purposes
        if purpose.key not in answers
    ]
    if said is None or said.capacity not in {option.key for option in child.capacities}:
        problems.append(Problem(_CAPACITY, {}, f"{reference}-capacity"))
    return problems


def write_answers(
    viewer: Viewer,
    person: Person,
    child: Child,
    said: GuardianAnswer,
    signed: str,
    language: str,
    signed_on: date | None = None,
) -> bool:
    """Write what a guardian answers for a child whose file is locked; `signed_on` is the day on a paper that the viewer
    holds. Whether it says anything new."""
    row, moment = child.application, clock.now()
    keys = {purpose.key for purpose in child.terms.purposes}
    answers = {key: value for key, value in said.answers.items() if key in keys}
    given = (said.capacity, signed, signed_on)
    changed = {key for key, value in answers.items() if child.is_new(key, value, *given)}
    consent = consent_of(child.terms, answers)
    if signed_on and not changed and consent == row.consent:
        return False
    ended = [answered.id for purpose, answered in child.said.items() if purpose in changed]
    table = table_of(ConsentAnswer)
    if ended:
        gone = sa.update(table).where(table.c.id.in_(ended), table.c.withdrawn_at.is_(None))
        db.session.connection().execute(gone.values(withdrawn_at=moment))
    fresh = [
        {
            "reference": new_reference(), "institution_id": row.institution_id, "person_id": row.person_id,
            "application_id": row.id, "guardian_id": person.id, "purpose": key, "answer": answers[key],
            "capacity": said.capacity, "signed": signed, "language": language,
            "version_id": child.intake.definition_version_id, "at": moment, "withdrawn_at": None,
            "signed_on": signed_on, "received_by": viewer.reference if signed_on else None,
        }
        for key in sorted(changed)
    ]  # fmt: skip
    if fresh:
        db.session.connection().execute(sa.insert(table), fresh)
    before = {"consent": row.consent, "state": row.state, "answers": child.answers}
    _apply(viewer, row, consent)
    after = {
        "consent": row.consent, "state": row.state, "answers": answers, "capacity": said.capacity,
        "guardian": person.reference, "language": language,
    }  # fmt: skip
    if signed_on:
        after["paper"] = signed_on.isoformat()
    of_child = db.session.get_one(Person, row.person_id)
    record(viewer, "guardians.answer", about(row, of_child.reference), before=before, after=after)
    if before["state"] == ApplicationState.HELD and row.state == ApplicationState.SUBMITTED:
        tell_child(viewer, row, child.definition, of_child)
    return True


def _apply(viewer: Viewer, row: Application, consent: Consent) -> None:
    """Apply the consent to the file: it is sent, or hidden, or its state stays."""
    moment = clock.now()
    row.consent, row.updated_at = consent.value, moment
    if consent is Consent.GIVEN and row.state == ApplicationState.HELD:
        row.state, row.sent_at = ApplicationState.SUBMITTED.value, moment
    elif consent is not Consent.GIVEN and row.state == ApplicationState.SUBMITTED:
        row.state, row.sent_at = ApplicationState.HELD.value, None
        db.session.flush()
        for follow in on_hidden:
            follow(viewer, row)
    db.session.flush()


def take_back(viewer: Viewer, reference: str) -> Application:
    """Make a child's file that waits a draft again, so that another guardian or number may be given.

    Nothing happens if it is a draft; Refused after the close, and once the guardian has answered."""
    file = own_held(viewer, reference)
    row = file.application
    if row.state == ApplicationState.DRAFT:
        return row
    if row.state != ApplicationState.HELD or row.consent != Consent.WAITING:
        raise Refused(N_("Le tuteur légal a déjà répondu : ce dossier ne se modifie plus."))
    if clock.arrived() >= file.closes_at:
        raise Refused(
            Problem(N_("Les candidatures sont closes depuis le %(moment)s."), {"moment": file.closes_at})
        )
    row.state = ApplicationState.DRAFT.value
    what = about(row, viewer.person_reference)
    record(
        viewer,
        "guardians.take_back",
        what,
        before={"state": ApplicationState.HELD},
        after={"state": ApplicationState.DRAFT},
    )
    return row


def link_for(viewer: Viewer, contact: Contact) -> str | None:
    """A new link for whoever just proved by a code that this contact is theirs; None if they are no guardian.
    The link that they lost, or did not use, opens nothing any longer."""
    person = guardians_by_contact([(contact.channel, contact.address)]).get(
        (contact.channel, contact.address)
    )
    if person is None or not guardianships(person):
        return None
    links.use_up(LINK, [person.reference])
    record(viewer, "guardians.new_link", About("guardian", person.reference, subject=person.reference))
    return links.create(LINK, person.reference, LINK_LIFETIME)
