"""Lets staff key in applications that came on paper."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time

import sqlalchemy as sa

from cohortmgr.accounts.actions.numbers import CONTRADICTS, set_identifiers
from cohortmgr.accounts.actions.people import new_person
from cohortmgr.accounts.models import Identifier, Person
from cohortmgr.accounts.rules import Viewer, require
from cohortmgr.applications.answers import settled
from cohortmgr.applications.answers.composed import FieldValues, read_given
from cohortmgr.applications.answers.conditions import counted, hidden
from cohortmgr.applications.answers.dates import day_of
from cohortmgr.applications.answers.values import Answer, normalise_phone
from cohortmgr.applications.documents.actions import papers as document_papers
from cohortmgr.applications.documents.actions.receiving import PreparedUpload, parts_by_question
from cohortmgr.applications.eligibility.rules import assess
from cohortmgr.applications.file import queries as file
from cohortmgr.applications.file.models import Application
from cohortmgr.applications.file.rules import (
    ApplicationState,
    Source,
    asked,
    identity_numbers,
    missing,
    number_prefix,
    question_of,
)
from cohortmgr.applications.filling.actions.saving import write_answers
from cohortmgr.applications.guardians.actions import consents
from cohortmgr.applications.guardians.rules import guardian_problems, is_child
from cohortmgr.applications.importing.actions.invitations import send_links
from cohortmgr.applications.importing.queries.invited import Invited, reached_by, without_account
from cohortmgr.audit.actions import about, record
from cohortmgr.base import clock, crypto
from cohortmgr.base.clock import CASABLANCA
from cohortmgr.base.db import db, present
from cohortmgr.base.errors import N_, Problem, Refused
from cohortmgr.base.text import fold, new_reference, new_short_code
from cohortmgr.programmes.definition.rules import Definition, IntakeState, QuestionKind
from cohortmgr.programmes.models import Intake, Offering
from cohortmgr.programmes.queries import definition_of

NEW = "new"
_MOST = 10
_WHICH = N_("Ces personnes sont peut-être celle-ci. Choisissez-la, ou dites que c’est une autre.")
_HAS_FILE = N_("Cette personne a déjà le dossier %(number)s dans cette campagne.")
_OTHER = N_("Le numéro d’identité est celui d’une autre personne que celle qui est choisie.")


@dataclass(frozen=True)
class PossibleSender:
    """Somebody who may have sent the paper; `number` is that of their file in the intake, None if they have
    none."""

    reference: str
    name: str
    birth_date: date | None
    number: str | None


def intake_of(viewer: Viewer, reference: str) -> Intake:
    """An intake in which the viewer manages files; NotFound otherwise."""
    return file.staff_intake(viewer, reference, file.MANAGE)


def received_at(viewer: Viewer, intake: Intake, text: str, today: date) -> datetime:
    """The moment at which a paper counts as sent: the first moment of the day of receipt, or the opening if
    later.

    Raises Refused with `where` = "received" if the text is no day, or the day is still to come or outside the
    intake's dates. A paper received on the last day is in time.
    """
    told = day_of(text)
    if not told:
        what = N_("Écrivez le jour de réception : jour/mois/année, par exemple 12/05/2027.")
        raise Refused(Problem(what, {}, "received"))
    day = date.fromisoformat(told)
    opens, closes = clock.local(intake.opens_at).date(), clock.local(intake.closes_at).date()
    if day > today:
        raise Refused(Problem(N_("Ce jour n’est pas encore venu."), {}, "received"))
    if not opens <= day <= closes:
        what = N_("Un papier compte s’il est reçu entre le %(opens)s et le %(closes)s.")
        raise Refused(Problem(what, {"opens": opens, "closes": closes}, "received"))
    return max(intake.opens_at, datetime.combine(day, time(), CASABLANCA))


def read(
    viewer: Viewer, definition: Definition, given: FieldValues
) -> tuple[dict[str, Answer], list[Problem]]:
    """The answers of a paper, and what is wrong with them. Questions that are `only_online` may stay
    unanswered."""
    form, answers, problems = definition.form, dict[str, Answer](), list[Problem]()
    for question in asked(form):
        if question.kind is QuestionKind.FILE:
            continue
        value, wrong = read_given(question, given, clock.today())
        if value is not None:
            answers[question.key] = value
        problems += wrong
    out = hidden(form, answers)
    problems = [each for each in problems if (each.where or "").split("-")[0] not in out]
    online = {question.key for question in form.questions if question.only_online}
    papers = {question.key for question in form.questions if question.kind is QuestionKind.FILE}
    told = {problem.where for problem in problems}
    lacking = [
        each for each in missing(form, counted(form, answers), papers) if each.where not in online | told
    ]
    if is_child(definition, answers, clock.today()):
        lacking += [each for each in guardian_problems(form, answers) if each.where not in told]
    return answers, [*problems, *lacking]


def known(
    viewer: Viewer, intake: Intake, definition: Definition, answers: dict[str, Answer]
) -> list[PossibleSender]:
    """The persons who may have sent a paper. They are found by an identity number or telephone, wherever they
    are known, or by their whole name among the files that the viewer's institutions hold. Takes two
    statements."""
    numbers = [crypto.blind_index(*each) for each in identity_numbers(definition.form, answers).items()]
    bearers = sa.select(Identifier.person_id).where(Identifier.blind.in_(numbers))
    present(*numbers)
    ways: list[sa.ColumnElement[bool]] = [Person.id.in_(bearers)]
    told = {q.target: answers.get(q.key) for q in asked(definition.form) if q.target}
    if isinstance(phone := told.get("person.phone"), str):
        blind = crypto.blind_index("phone", normalise_phone(phone))
        present(blind)
        ways.append(Person.phone_blind == blind)
    name = fold(f"{told.get('person.family_name') or ''} {told.get('person.given_name') or ''}")
    if name.strip():
        named = sa.select(Application.person_id).where(Application.sort_name == name, file.AGREED)
        ways.append(Person.id.in_(named))
    here = sa.and_(Application.person_id == Person.id, Application.intake_id == intake.id)
    rows = db.session.execute(
        sa.select(Person, Application.number).outerjoin(Application, here).where(sa.or_(*ways)).limit(_MOST)
    )
    return [
        PossibleSender(person.reference, person.name, person.birth_date, number) for person, number in rows
    ]


def enter(
    viewer: Viewer,
    intake_reference: str,
    given: FieldValues,
    person: str,
    received: str,
    documents: Iterable[PreparedUpload] = (),
    kept: Mapping[str, str] | None = None,
) -> Application:
    """Write a paper as a file that was sent on the day of its receipt.

    `person` is the sender's reference, "new" for somebody new, or empty when nobody has looked yet. `kept` is what
    stands on the paper though it looks mistyped: its person is not asked about it. Raises Refused with everything
    that is wrong."""
    intake = intake_of(viewer, intake_reference)
    require(viewer, file.MANAGE, intake.path)
    definition = definition_of(intake)
    answers, problems = read(viewer, definition, given)
    try:
        sent_at = received_at(viewer, intake, received, clock.today())
    except Refused as refused:
        problems = [*refused.problems, *problems]
    if problems:
        raise Refused(*problems)
    found = known(viewer, intake, definition, answers)
    if found and not person:
        raise Refused(Problem(_WHICH, {}, "person"))
    bearer = _person(definition, answers, found, person)
    row = _file(intake, definition, bearer)
    numbers = identity_numbers(definition.form, answers)
    for kind, problem in set_identifiers(bearer, numbers).items():
        what = problem.what if problem.what == CONTRADICTS else _OTHER
        raise Refused(Problem(what, problem.values, question_of(definition.form, f"identifier.{kind}")))
    settled.note(definition.form, answers, kept or {})
    write_answers(viewer, row, bearer, definition, answers)
    verdict = assess(definition.eligibility, counted(definition.form, answers), clock.local(sent_at).date())
    row.eligible, row.reasons = verdict.verdict, list(verdict.reasons)
    child = is_child(definition, answers, clock.today())
    row.state = (ApplicationState.HELD if child else ApplicationState.SUBMITTED).value
    row.sent_at = None if child else sent_at
    db.session.flush()
    for key, parts in parts_by_question(documents).items():
        document_papers.join(viewer, row, None, key, parts)
    after = {"source": Source.PAPER, "received": clock.local(sent_at).date(), "state": row.state}
    record(viewer, "applications.enter_paper", about(row, bearer.reference), after=after)
    if intake.state == IntakeState.DRAFT:
        return row  # nothing leaves of a programme in preparation; guardians are asked when it is published
    if child:
        consents.ask_named(viewer, row, definition, answers)
    else:
        _invite(viewer, intake, definition, row, bearer)
    return row


def _person(
    definition: Definition, answers: dict[str, Answer], found: Sequence[PossibleSender], person: str
) -> Person:
    """The person who sent the paper: the one whom staff chose among those found, or somebody new."""
    if person in ("", NEW):
        return new_person({"language": "fr"})
    chosen = next((each for each in found if each.reference == person), None)
    if chosen is None:
        raise Refused(Problem(_WHICH, {}, "person"))
    if chosen.number is not None:
        raise Refused(Problem(_HAS_FILE, {"number": chosen.number}, "person"))
    return db.session.scalars(sa.select(Person).where(Person.reference == person)).one()


def _file(intake: Intake, definition: Definition, person: Person) -> Application:
    alone = sa.select(sa.func.min(Offering.id)).where(Offering.intake_id == intake.id)
    moment = clock.now()
    row = Application(
        reference=new_reference(),
        institution_id=intake.institution_id,
        person_id=person.id,
        intake_id=intake.id,
        offering_id=db.session.scalar(alone.having(sa.func.count() == 1)),
        version_id=intake.definition_version_id,
        number=f"{number_prefix(definition.key)}-{new_short_code()}",
        source=Source.PAPER.value,
        consent="none",
        answers={},
        reasons=[],
        language=person.language,
        created_at=moment,
        updated_at=moment,
    )
    db.session.add(row)
    return row


def _invite(viewer: Viewer, intake: Intake, definition: Definition, row: Application, person: Person) -> None:
    """Send the person a link to follow their file, if they can be reached and have no account yet."""
    contact = reached_by(person)
    free = sa.select(Person.id).where(Person.id == person.id, without_account())
    if contact is None or db.session.scalar(free) is None:
        return
    invited = Invited(person, contact, row.reference, row.number, False)
    send_links(viewer, intake, definition.title, [invited])
