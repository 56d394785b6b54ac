"""Tells people who asked for it, once, that an intake opens near them.

A code proves their address, and a click makes it forgotten. The letters belong to nobody's account. Each
watch has a key of its own, so that stopping it leaves nothing readable.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from flask import current_app
from itsdangerous import BadSignature, URLSafeSerializer

from cohortmgr.accounts.contacts import Contact
from cohortmgr.accounts.rules import Viewer
from cohortmgr.audit.actions import about, destroy, record
from cohortmgr.base import clock, crypto
from cohortmgr.base.db import db, insert_or_leave, present, table_of
from cohortmgr.base.errors import N_, Problem, Refused
from cohortmgr.base.text import new_reference
from cohortmgr.organisations.models import Organisation
from cohortmgr.outbox.actions import Letter, send_all
from cohortmgr.outbox.models import Message
from cohortmgr.programmes.definition.places import is_near, regions_of
from cohortmgr.programmes.definition.rules import IntakeState
from cohortmgr.programmes.models import Intake, IntakeAnnouncement, IntakeWatch, Programme
from cohortmgr.programmes.queries import definition_of

LETTER = "intake_open"
LIFETIME = timedelta(days=365)
CHUNK = 500
_PURPOSE = "cohortmgr intake watch"
_WATCHES = table_of(IntakeWatch)
_TOLD = table_of(IntakeAnnouncement)


def keep(contact: Contact, language: str, region: str | None, scope: str) -> None:
    """Watch for a proved address, for a year from now. Asking again replaces the region and the language."""
    moment, reference = clock.now(), new_reference()
    blind = crypto.blind_index("watch", contact.address)
    wanted = {"region": region, "language": language, "expires_at": moment + LIFETIME}
    row = {
        "reference": reference,
        "blind": blind,
        "scope": scope,
        "sealed": crypto.seal(contact.address, "intake_watches", "sealed", reference),
        "channel": contact.channel,
        "created_at": moment,
        **wanted,
    }
    present(blind)
    insert_or_leave(db.session, IntakeWatch, [row])
    mine = sa.update(_WATCHES).where(_WATCHES.c.blind == blind, _WATCHES.c.scope == scope)
    db.session.connection().execute(mine.values(wanted))


def token_for(reference: str) -> str:
    """The token that stops a watch and does nothing else; it is the same in all its letters
    (docs/decisions/0009)."""
    return str(_signer().dumps(reference))


def watch_of(token: str) -> str:
    """The reference in a token. Refused if the signature is not ours."""
    try:
        return str(_signer().loads(token))
    except BadSignature:
        what = N_("Ce lien n’est pas complet, ou il est trop ancien. Ouvrez celui d’un message plus récent.")
        raise Refused(Problem(what)) from None


def stop(reference: str) -> int:
    """Forget an address, with its watches and their letters that have not left. Returns how many watches; 0
    the second time."""
    present(reference)
    blind = db.session.scalar(sa.select(_WATCHES.c.blind).where(_WATCHES.c.reference == reference))
    if blind is None:
        return 0
    present(blind)
    return _forget(sa.select(_WATCHES.c.reference).where(_WATCHES.c.blind == blind))


def _forget(chosen: sa.Select[Any]) -> int:
    gone = list(db.session.scalars(chosen))
    for reference in gone:
        destroy(reference)
    db.session.connection().execute(sa.delete(_WATCHES).where(_WATCHES.c.reference.in_(gone)))
    return len(gone)


def headers(message: Message, content: Mapping[str, Any]) -> dict[str, str]:
    """The headers for which mail providers show a button to unsubscribe (RFC 8058); none for other letters."""
    if message.key != LETTER:
        return {}
    return {
        "List-Unsubscribe": f"<{content['variables']['stop']}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }


def due() -> Sequence[int]:
    """The ids of published intakes that take applications now, and of which not everybody was told yet."""
    moment = clock.now()
    chosen = (
        sa.select(Intake.id)
        .outerjoin(IntakeAnnouncement, IntakeAnnouncement.intake_id == Intake.id)
        .where(Intake.state == IntakeState.PUBLISHED.value)
        .where(Intake.opens_at <= moment, Intake.closes_at > moment, IntakeAnnouncement.done_at.is_(None))
    )
    return db.session.scalars(chosen.order_by(Intake.id)).all()


def announce(viewer: Viewer, intake_id: int) -> int:
    """Tell the next watches of an intake; each is told once, whatever happens. Returns how many were looked
    at: fewer than `CHUNK` at the end. The number of statements does not grow with the watches."""
    moment = clock.now()
    intake = db.session.get_one(Intake, intake_id)
    programme = db.session.get_one(Programme, intake.programme_id)
    insert_or_leave(db.session, IntakeAnnouncement, [{"intake_id": intake_id, "told_to": 0, "done_at": None}])
    begun = sa.select(_TOLD.c.told_to).where(_TOLD.c.intake_id == intake_id).with_for_update()
    told_to = db.session.scalar(begun) or 0
    wanted = sa.select(IntakeWatch).where(
        IntakeWatch.id > told_to, IntakeWatch.scope.in_(("", programme.key)), IntakeWatch.expires_at > moment
    )
    watches = db.session.scalars(wanted.order_by(IntakeWatch.id).limit(CHUNK)).all()
    regions = _regions(intake)
    letters = [_letter(watch, intake, programme) for watch in watches if is_near(watch.region, regions)]
    send_all(letters)
    values = {
        "told_to": watches[-1].id if watches else told_to,
        "done_at": moment if len(watches) < CHUNK else None,
    }
    db.session.execute(sa.update(_TOLD).where(_TOLD.c.intake_id == intake_id).values(values))
    if letters:
        after = {"told": len(letters)}
        record(viewer, "programmes.announce", about(intake), after=after)
    return len(watches)


def sweep() -> int:
    """Forget watches whose year is over, a few hundred at a time. Returns how many. Only the system calls
    this."""
    return _forget(sa.select(_WATCHES.c.reference).where(_WATCHES.c.expires_at <= clock.now()).limit(CHUNK))


def _regions(intake: Intake) -> frozenset[str]:
    definition = definition_of(intake)
    host = db.session.scalar(sa.select(Organisation.region).where(Organisation.id == intake.institution_id))
    return regions_of((each.place for each in definition.intake(intake.key).offerings), host)


def _letter(watch: IntakeWatch, intake: Intake, programme: Programme) -> Letter:
    address = crypto.unseal(watch.sealed, "intake_watches", "sealed", watch.reference)
    variables = {
        "programme": programme.title,
        "intake": intake.title,
        "deadline": intake.closes_at,
        "page": intake.reference,
        "stop": f"{current_app.config['BASE_URL']}/tell-me/stop/{token_for(watch.reference)}",
    }
    return Letter(
        LETTER,
        watch.reference,
        address,
        watch.language,
        variables,
        intake.institution_id,
        channel=watch.channel,
        # The name is made of the address, so that a person who waits for one programme and for all is told
        # once.
        once=f"opening:{intake.reference}:{watch.blind}",
    )


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(current_app.secret_key or "", salt=_PURPOSE)
