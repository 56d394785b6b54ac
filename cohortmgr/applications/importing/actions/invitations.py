"""Sends links in bulk, by mail or by SMS, to people whose file was imported, so that they can claim it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa

from cohortmgr.accounts.actions import links
from cohortmgr.accounts.contacts import EMAIL
from cohortmgr.accounts.models import Account, Person, SingleUseLink
from cohortmgr.accounts.rules import LINK_LIFETIME, Viewer, require
from cohortmgr.applications.file.models import Application
from cohortmgr.applications.importing.queries import invited as whom
from cohortmgr.applications.importing.queries.invited import Invited, invitable, reached_by
from cohortmgr.applications.importing.queries.runs import IMPORT, intake_for
from cohortmgr.audit.actions import about, record
from cohortmgr.base import clock
from cohortmgr.base.db import acting_in, db
from cohortmgr.jobs.actions import keeping
from cohortmgr.jobs.actions.keeping import ResultWanted
from cohortmgr.outbox.actions import Letter, send_all
from cohortmgr.programmes.models import Intake
from cohortmgr.programmes.queries import definition_of
from cohortmgr.programmes.rules import require_published

LETTER = "claim_file"
RENEWED_AFTER = timedelta(hours=1)


def invite(viewer: Viewer, intake_reference: str, *, again: bool = False) -> int:
    """Send a claim link to everybody whose file was imported and who has no account; returns how many.

    A person who has a link that still works gets no new one, unless `again`; and nobody to whom one has just left, for
    then the form was sent twice. Refused while the programme
    is in preparation.
    """
    intake = intake_for(viewer, intake_reference)
    require_published(intake.state, intake.path)
    # If staff click twice at once, the second request waits here and then sees the links of the first.
    db.session.execute(sa.select(Intake.id).where(Intake.id == intake.id).with_for_update())
    return _invite(viewer, intake, invitable(intake, again=again, rested=True), again)


def ask_invitations(viewer: Viewer, intake_reference: str, *, again: bool = False) -> None:
    """Ask the worker to do `invite` for an intake of many files. While it does, nothing more is asked of it."""
    intake = intake_for(viewer, intake_reference)
    require_published(intake.state, intake.path)
    payload = {
        "intake": intake.reference,
        "again": again,
        "by": viewer.reference,
        "asked_at": clock.now().isoformat(),
    }
    keeping.ask_once(viewer, _result_of(whom.INVITING, intake), payload)


def invite_some(
    viewer: Viewer, intake_reference: str, again: bool, asked_at: datetime, after: int, most: int
) -> tuple[int, int | None]:
    """Do `invite` for some of those whose file has a greater id than `after`, but for whom a link left
    since `asked_at` or just before.
    Returns how many links left, and behind which id to go on; None at the end."""
    intake = intake_for(viewer, intake_reference)
    require_published(intake.state, intake.path)
    db.session.execute(sa.select(Intake.id).where(Intake.id == intake.id).with_for_update())
    people, reached = whom.next_invitable(intake, again, asked_at, after, most)
    return _invite(viewer, intake, people, again), reached


def ask_counts(viewer: Viewer, intake: Intake) -> None:
    """Ask the worker to count whom an invitation would reach, unless it was asked a moment ago."""
    require(viewer, IMPORT, intake.path)
    keeping.ask(viewer, _result_of(whom.COUNTING, intake), {"intake": intake.reference})


def keep_counts(viewer: Viewer, intake: Intake, fresh: int, everybody: int) -> None:
    """Keep how many people an invitation reaches, as `invitable_counts` found."""
    require(viewer, IMPORT, intake.path)
    keeping.keep(viewer, _result_of(whom.COUNTING, intake), {"fresh": fresh, "everybody": everybody})


def _result_of(kind: str, intake: Intake) -> ResultWanted:
    return ResultWanted(kind, intake.reference, intake.institution_id)


def _invite(viewer: Viewer, intake: Intake, people: Sequence[Invited], again: bool) -> int:
    if not people:
        return 0
    send_links(viewer, intake, dict(definition_of(intake).title), people)
    after = {"applications": [each.application for each in people], "again": again}
    record(viewer, "imports.invite", about(intake), after=after)
    return len(people)


def send_links(viewer: Viewer, intake: Intake, title: Mapping[str, str], people: Sequence[Invited]) -> None:
    """Send each person a link, in a few statements; the caller writes the trail.

    Links by mail and by SMS have different purposes, because each proves only the contact to which it went."""
    tokens: dict[str, str] = {}
    for purpose in links.CLAIMS:
        chosen = [each.person.reference for each in people if _purpose(each) == purpose]
        made = links.create_many(purpose, chosen, LINK_LIFETIME, intake.institution_id)
        tokens |= dict(zip(chosen, made, strict=True))
    send_all(_letter(intake, title, each, tokens[each.person.reference]) for each in people)


def renew(viewer: Viewer, link: SingleUseLink) -> bool:
    """Send another link in place of one that ended, to where its person is reached today; whether one left.

    None leaves for somebody who has an account, nor within an hour of the last: whoever found an old link
    could otherwise send message after message to a person."""
    if link.institution_id is None:
        return False
    with acting_in(link.institution_id):
        person = db.session.scalar(
            sa.select(Person)
            .where(Person.reference == link.subject, ~sa.exists().where(Account.person_id == Person.id))
            .with_for_update()
        )
        if person is None or _has_fresh_link(person):
            return False
        found = db.session.execute(
            sa.select(Application, Intake)
            .join(Intake, Intake.id == Application.intake_id)
            .where(
                Application.person_id == person.id,
                Application.institution_id == link.institution_id,
                # Nobody writes to a child: what there is to say goes to the guardian.
                Application.consent == "none",
                Application.state == "submitted",
            )
            .order_by(Application.id.desc())
            .limit(1)
        ).first()
        contact = reached_by(person)
        if found is None or contact is None:
            return False
        application, intake = found
        invited = Invited(person, contact, application.reference, application.number, False)
        send_links(viewer, intake, dict(definition_of(intake).title), [invited])
        record(viewer, "imports.renew_link", about(application, person.reference))
    return True


def _has_fresh_link(person: Person) -> bool:
    since = clock.now() - RENEWED_AFTER
    made = sa.select(SingleUseLink.id).where(
        SingleUseLink.subject == person.reference,
        SingleUseLink.purpose.in_(links.CLAIMS),
        SingleUseLink.created_at > since,
    )
    return db.session.scalar(sa.select(made.exists())) is True


def _purpose(invited: Invited) -> str:
    return links.CLAIM if invited.contact.channel == EMAIL else links.CLAIM_BY_PHONE


def _letter(intake: Intake, title: Mapping[str, str], invited: Invited, token: str) -> Letter:
    """The letter with a person's link. It leaves by SMS to their own number if they have no address."""
    person, contact = invited.person, invited.contact
    return Letter(
        LETTER,
        person.reference,
        contact.address if contact.channel == EMAIL else "",
        person.language,
        {
            "token": token,
            "name": f"{person.given_name} {person.family_name}".strip(),
            "number": invited.number,
            "programme": dict(title),
            "days": LINK_LIFETIME.days,
        },
        intake.institution_id,
        person.id,
    )
