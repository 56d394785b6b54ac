"""Invites adults to apply, in the name of their school or employer; each begins and sends a file of their own.

Whoever invites sees a name and how far its person is. That, too, only if the person says so when they open their link.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from cohortmgr.accounts.actions import counting, links
from cohortmgr.accounts.contacts import SMS, Contact, is_mobile_of
from cohortmgr.accounts.limits import DAY
from cohortmgr.accounts.rules import Viewer
from cohortmgr.applications.file import queries as file_queries
from cohortmgr.applications.file.models import Application
from cohortmgr.applications.importing.queries.runs import intake_for
from cohortmgr.applications.invitees import queries
from cohortmgr.applications.invitees.models import InvitedAdult
from cohortmgr.applications.invitees.rules import (
    FORGOTTEN_AFTER,
    LIFETIME,
    LINK,
    MOST,
    ListedPerson,
    require_open,
)
from cohortmgr.applications.journey.actions import sending
from cohortmgr.audit.actions import about, destroy, record
from cohortmgr.base import clock, crypto
from cohortmgr.base.db import acting_in, db
from cohortmgr.base.errors import N_, NotFound, NotPermitted, Refused, Stale
from cohortmgr.base.text import fold, new_reference
from cohortmgr.outbox.actions import Letter, open_bundle, send_all
from cohortmgr.programmes.models import Intake
from cohortmgr.programmes.queries import definition_of

LETTER = "invited_to_apply"
_WRITTEN_TO = "invitee-written"
_SWEPT = 500
_AGAIN = N_("Un message a été demandé depuis moins d’un jour : laissez le temps de répondre.")
_NOTHING_AWAITED = N_("Il n’y a plus rien à rappeler à cette personne.")
_CAME_BACK = N_("Le dernier message est revenu : vérifiez l’adresse ou le numéro avec la personne.")
_TAKEN = N_("Cette invitation a déjà servi à une autre personne. Vous pouvez candidater sans elle.")


@dataclass(frozen=True)
class Brought:
    """What became of a list: how many were invited, how many need no letter because they were before, and how many have
    a number to which none goes. That somebody else wrote to an address today is not told apart: it is its person's."""

    invited: int
    known: int
    unreachable: int


@dataclass(frozen=True)
class AdultsInvitation:
    """What the link of an invited person leads to. `theirs` is the reference of the viewer's own file, if it was begun
    by this link, and `taken` says that somebody else's was, of which whoever is not signed in is told nothing."""

    row: InvitedAdult
    intake: Intake
    theirs: str | None
    taken: bool


def fresh_among(
    viewer: Viewer, intake: Intake, entries: Sequence[ListedPerson]
) -> tuple[list[ListedPerson], int, int]:
    """Return those of a list who would be invited, how many were before, and how many have a number to which no
    message goes."""
    known = queries.known_among(viewer, intake, [_blind(each.contact) for each in entries])
    fresh = [each for each in entries if _blind(each.contact) not in known]
    reached = [each for each in fresh if _is_reached(each.contact)]
    return reached, len(entries) - len(fresh), len(fresh) - len(reached)


def bring(
    viewer: Viewer, intake_reference: str, group_name: str, language: str, entries: Sequence[ListedPerson]
) -> Brought:
    """Invite the people of a list, each by a message with their link. Who was invited by the viewer before is left as
    they are, and so is whoever got such a message within a day, from whomever. Stale if the same list is sent twice at
    once."""
    intake = intake_for(viewer, intake_reference)
    _require_open(intake)
    reached, known, unreachable = fresh_among(viewer, intake, entries[:MOST])
    by_contact = {_counted(each.contact): each for each in reached}
    free = counting.count_first(_WRITTEN_TO, by_contact, DAY, MOST)
    rows = [_row(viewer, intake, group_name, language, by_contact[each]) for each in free]
    try:
        with db.session.begin_nested():
            db.session.add_all(rows)
    except IntegrityError:
        raise Stale(intake_reference) from None
    if rows:
        _write(intake, rows)
        record(viewer, "invitees.bring", about(intake), after={"count": len(rows), "group_name": group_name})
    return Brought(len(rows), known + len(reached) - len(rows), unreachable)


def remind(viewer: Viewer, intake_reference: str) -> int:
    """Write once more to those whom the viewer invited and who have not sent; to each once a day. Returns to how many
    it goes; 0 if nobody is left to remind. Who wants no message is passed over, and nothing tells of it."""
    intake = intake_for(viewer, intake_reference)
    _require_open(intake)
    return _remind(viewer, intake, queries.to_remind(viewer, intake))


def remind_one(viewer: Viewer, reference: str) -> None:
    """Write once more to one of them, unless they want no message, of which nothing tells. Refused if nothing is
    awaited from them, if the last message came back, or within a day of it."""
    found = queries.invitee_for(viewer, reference)
    _require_open(found.intake)
    if not found.awaited:
        raise Refused(_CAME_BACK if found.returned else _NOTHING_AWAITED)
    _remind(viewer, found.intake, [(found.row, found.spared)])


def _remind(viewer: Viewer, intake: Intake, rows: Iterable[tuple[InvitedAdult, bool]]) -> int:
    """Write to those who are not spared; returns to how many. Who is spared is counted and dated as the others are, so
    that whoever invites cannot tell them from these."""
    by_contact = {_counted(queries.contact_of(row)): (row, spared) for row, spared in rows}
    if not by_contact:
        return 0
    free = counting.count_first(_WRITTEN_TO, by_contact, DAY, MOST)
    if not free:
        raise Refused(_AGAIN)
    chosen = [by_contact[each] for each in free]
    for row, _spared in chosen:
        row.asked_at = clock.now()
    written = [row for row, spared in chosen if not spared]
    if written:
        _write(intake, written)
    record(viewer, "invitees.remind", about(intake), after={"count": len(written)})
    return len(written)


def take_over(viewer: Viewer, intake_reference: str, by: str) -> int:
    """Let whoever manages an intake follow the list of an inviter who may invite there no longer. Whom both invited
    stays on the manager's own list alone. Returns how many came; NotFound if no such list was left behind."""
    intake = file_queries.staff_intake(viewer, intake_reference, file_queries.MANAGE)
    rows = queries.left_by(intake, by)
    if not rows:
        raise NotFound(by)
    known = queries.ever_asked(viewer, intake, [row.blind for row in rows])
    for row in rows:
        if row.blind in known:
            _take_off(row)
        else:
            row.by = viewer.reference
    record(viewer, "invitees.take_over", about(intake), after={"count": len(rows), "by": by})
    return len(rows)


def take_back(viewer: Viewer, reference: str) -> str:
    """Forget somebody whom the viewer invited, with the messages that have not left; what they began is theirs and
    stays. Returns the reference of the intake. Asked again, nothing changes."""
    row, intake = queries.row_ever_by(viewer, reference)
    if row.taken_back_at is not None:
        return intake.reference
    record(viewer, "invitees.take_back", about(row))
    _take_off(row)
    return intake.reference


def _take_off(row: InvitedAdult) -> None:
    links.use_up(LINK, [row.reference])
    # The web destroys no key, so that the worker does it, with the row; what the row says of somebody goes now.
    row.name = row.sort_name = row.group_name = ""
    row.sealed, row.taken_back_at = b"", clock.now()
    if row.declined_at is None:  # otherwise it goes on saying that nobody writes to them for this intake
        row.blind = row.reference


def opened(viewer: Viewer, token: str, *, lock: bool = False) -> AdultsInvitation:
    """Return the invitation of a link. NotFound if it is unknown or was taken back; Refused if its time is over, unless
    it is only read and its intake closed, for then no other link would help."""
    link = links.find(token, LINK)
    if link.institution_id is None:
        raise NotFound(LINK)
    wanted = sa.select(InvitedAdult, Intake).join(Intake, Intake.id == InvitedAdult.intake_id)
    wanted = wanted.where(
        InvitedAdult.reference == link.subject, InvitedAdult.institution_id == link.institution_id
    )
    wanted = wanted.where(InvitedAdult.taken_back_at.is_(None))
    wanted = wanted.execution_options(populate_existing=True)
    with acting_in(link.institution_id):
        found = db.session.execute(wanted.with_for_update(of=InvitedAdult) if lock else wanted).first()
        if found is None:
            raise NotFound(LINK)
        row, intake = found
        if lock or intake.closes_at > clock.now():
            links.require_open(link)
        file = queries.file_of(row)
    if file is None or viewer.person_id is None:
        return AdultsInvitation(row, intake, None, taken=False)
    is_own = file[1] == viewer.person_id
    return AdultsInvitation(row, intake, file[0] if is_own else None, taken=not is_own)


def answer(viewer: Viewer, token: str, follows: bool) -> tuple[str, Application | None]:
    """Keep whether an invited person lets their file be followed by whoever invited them, and begin it if so. Returns
    the intake's reference, and the file that is followed. Asked again, nothing changes."""
    if viewer.person_id is None:
        raise NotPermitted("invitees.answer")
    invitation = opened(viewer, token, lock=True)
    row, intake = invitation.row, invitation.intake
    if invitation.taken:
        raise Refused(_TAKEN)
    file = sending.start(viewer, intake.reference) if follows else None
    with acting_in(intake.institution_id):
        row.apart, row.application_id = not follows, file.id if file is not None else None
        record(viewer, "invitees.answer", about(row), after={"follows": follows})
    return intake.reference, file


def decline(viewer: Viewer, token: str) -> None:
    """Keep that whoever reads the messages of an invitation wants no more of them, from anybody, for this intake.
    Nobody needs an account to say so. Asked again, nothing changes."""
    invitation = opened(viewer, token, lock=True)
    row = invitation.row
    if invitation.taken:
        raise Refused(_TAKEN)
    if row.declined_at is None:
        with acting_in(row.institution_id):
            row.declined_at = clock.now()
            record(viewer, "invitees.decline", about(row))


def accept_again(viewer: Viewer, token: str) -> None:
    """Undo `decline`, for whoever pressed a button too many. Asked again, nothing changes."""
    invitation = opened(viewer, token, lock=True)
    row = invitation.row
    if invitation.taken:
        raise Refused(_TAKEN)
    if row.declined_at is not None:
        with acting_in(row.institution_id):
            row.declined_at = None
            record(viewer, "invitees.accept_again", about(row))


def end_following(viewer: Viewer, reference: str, invitee: str) -> None:
    """Let whoever invited the viewer see no longer how far their file is. Asked again, nothing changes."""
    file = file_queries.own_held(viewer, reference)
    with acting_in(file.intake.institution_id):
        for row in queries.followed_by(file.application):
            if row.reference == invitee:
                row.apart, row.application_id = True, None
                record(viewer, "invitees.answer", about(row), after={"follows": False})


def sweep(viewer: Viewer) -> int:
    """Forget people who were taken off a list, or whose intake closed long ago, a few hundred at a time, with what
    was written to them. Who wants no more messages is kept without a name until then, so that nobody writes to them.
    Returns how many. Only the system calls this."""
    if not viewer.is_system:
        raise NotPermitted("invited people are forgotten by the system")
    off = sa.and_(InvitedAdult.taken_back_at.is_not(None), InvitedAdult.declined_at.is_(None))
    over = sa.or_(off, Intake.closes_at <= clock.now() - FORGOTTEN_AFTER)
    wanted = sa.select(InvitedAdult).join(Intake, Intake.id == InvitedAdult.intake_id).where(over)
    rows = db.session.scalars(wanted.order_by(InvitedAdult.id).limit(_SWEPT)).all()
    links.use_up(LINK, [row.reference for row in rows])
    for row in rows:
        destroy(row.reference)
        db.session.delete(row)
    return len(rows)


def _require_open(intake: Intake) -> None:
    require_open(intake.state, intake.path, intake.closes_at, clock.now())


def _row(viewer: Viewer, intake: Intake, group_name: str, language: str, entry: ListedPerson) -> InvitedAdult:
    reference = new_reference()
    return InvitedAdult(
        reference=reference,
        institution_id=intake.institution_id,
        intake_id=intake.id,
        by=viewer.reference,
        group_name=group_name,
        name=entry.name,
        sort_name=fold(entry.name)[:160],
        blind=_blind(entry.contact),
        channel=entry.contact.channel,
        sealed=crypto.seal(entry.contact.address, "invitees", "sealed", reference),
        language=language,
        created_at=clock.now(),
        asked_at=clock.now(),
    )


def _write(intake: Intake, rows: Sequence[InvitedAdult]) -> None:
    tokens = links.create_many(LINK, [row.reference for row in rows], LIFETIME, intake.institution_id)
    # A list of one as well: else many small ones would take the part of the day's SMS that is kept for notices.
    bundle = open_bundle(intake.institution_id)
    title = dict(definition_of(intake).title)
    send_all(
        Letter(
            LETTER,
            row.reference,
            queries.contact_of(row).address,
            row.language,
            {
                "name": row.name,
                "group_name": row.group_name,
                "programme": title,
                "intake": dict(intake.title),
                "deadline": intake.closes_at,
                "token": token,
                "invitee": row.reference,
            },
            intake.institution_id,
            channel=row.channel,
            bundle=bundle,
        )
        for row, token in zip(rows, tokens, strict=True)
    )


def _blind(contact: Contact) -> str:
    return crypto.blind_index(contact.kind, contact.address)


def _counted(contact: Contact) -> str:
    return f"{contact.channel}|{contact.address}"


def _is_reached(contact: Contact) -> bool:
    return contact.channel != SMS or is_mobile_of(contact.address, counting.sms_countries())
