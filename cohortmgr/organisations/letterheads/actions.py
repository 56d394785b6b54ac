"""Writing a letterhead with its mark, which is made small first; and how an organisation without one is reached."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from cohortmgr.accounts.rules import Viewer, require
from cohortmgr.audit.actions import about, record
from cohortmgr.base.db import after_commit, db
from cohortmgr.base.errors import N_, Problem, Refused, Stale
from cohortmgr.base.pictures import made_small
from cohortmgr.organisations import queries as organisations
from cohortmgr.organisations.actions import MANAGE
from cohortmgr.organisations.letterheads import queries
from cohortmgr.organisations.letterheads.models import KeptLetterhead
from cohortmgr.organisations.letterheads.queries import LetterheadPlace
from cohortmgr.organisations.letterheads.rules import (
    INSTALLATION,
    MARK_SIDE,
    MOST_MARK,
    MOST_PICTURE,
    OF_HOME,
    PICTURE_BOX,
    LetterheadDraft,
    email_problems,
    problems_of,
)
from cohortmgr.organisations.models import Organisation
from cohortmgr.organisations.rules import HOSTS, OrganisationKind
from cohortmgr.organisations.telephones import telephone_problems, typed

_BY_LETTERHEAD = N_("Un établissement qui accueille des programmes a un en-tête : écrivez-les là.")
_UNWRITTEN = N_("Écrivez d’abord le nom de l’établissement, puis envoyez son logo.")
MARK, PICTURE = "mark", "picture"


def save(viewer: Viewer, reference: str, draft: LetterheadDraft, version: int | None) -> KeptLetterhead:
    """Keep the letterhead of a place as it was typed; `version` is the row's on the page, 0 if there was none.

    Raises NotFound, Refused with each problem at its field, or Stale."""
    place = queries.get_for(viewer, reference)
    draft = draft.cleaned()
    if place.organisation is not None:  # the home page is the installation's
        draft = replace(
            draft, texts={name: said for name, said in draft.texts.items() if name not in OF_HOME}
        )
    problems = problems_of(draft)
    if problems:
        raise Refused(*problems)
    row = _row(place, version)
    before = _told(row) if row.id else None
    row.texts = {name: dict(said) for name, said in draft.texts.items()}
    row.telephone, row.email, row.cndp = draft.telephone, draft.email, draft.cndp
    db.session.add(row)
    _keep()
    record(viewer, "letterheads.save", about(row), before=before, after=_told(row))
    return row


def put_mark(viewer: Viewer, reference: str, picture: bytes | None, version: int | None) -> KeptLetterhead:
    """Give a letterhead its mark, made by `prepare_mark`, or none. Raises NotFound, Refused or Stale."""
    row = _kept_row(viewer, reference, version, MARK)
    before = {"mark": row.mark_digest}
    row.mark = picture
    row.mark_digest = _digest(picture)
    _keep()
    record(viewer, "letterheads.mark", about(row), before=before, after={"mark": row.mark_digest})
    return row


def put_picture(viewer: Viewer, picture: bytes | None, version: int | None) -> KeptLetterhead:
    """Give the home page its picture, made by `prepare_picture`, or none. Raises NotFound, Refused or Stale."""
    row = _kept_row(viewer, INSTALLATION, version, PICTURE)
    before = {"picture": row.picture_digest}
    row.picture = picture
    row.picture_digest = _digest(picture)
    _keep()
    after = {"picture": row.picture_digest}
    record(viewer, "letterheads.picture", about(row), before=before, after=after)
    return row


def keep_contact(
    viewer: Viewer, reference: str, telephone: str, email: str, version: int | None
) -> Organisation:
    """Keep by what telephone and address an organisation that hosts nothing is reached; empty for none. Raises Refused
    with each problem at its field, and Stale if it was changed since `version`."""
    row = _guest(viewer, reference, version)
    telephone, email = typed(telephone), email.strip()
    problems = telephone_problems(telephone) + email_problems(email)
    if problems:
        raise Refused(*problems)
    before = {"telephone": row.telephone, "email": row.email}
    row.telephone, row.email = telephone, email
    after = {"telephone": telephone, "email": email}
    record(viewer, "organisations.contact", about(row), before=before, after=after)
    return row


def put_mark_of(viewer: Viewer, reference: str, picture: bytes | None, version: int | None) -> Organisation:
    """Give an organisation that hosts nothing its mark, made by `prepare_mark`, or none. Raises
    Refused, and Stale if it was changed since `version`."""
    row = _guest(viewer, reference, version)
    before = {"mark": row.mark_digest}
    row.mark, row.mark_digest = picture, _digest(picture)
    _keep()
    record(viewer, "organisations.mark", about(row), before=before, after={"mark": row.mark_digest})
    return row


def _guest(viewer: Viewer, reference: str, version: int | None) -> Organisation:
    """An organisation that hosts nothing, locked, as it was shown. Raises Refused or Stale."""
    require(viewer, MANAGE, "")
    row = organisations.held_for(reference)
    if OrganisationKind(row.kind) in HOSTS:
        raise Refused(_BY_LETTERHEAD)
    if row.version != version:
        raise Stale(reference)
    return row


def prepare_picture(data: bytes) -> bytes:
    """Return a picture as the home page shows it. Raises Refused as `made_small` does."""
    return made_small(data, PICTURE_BOX, MOST_PICTURE, PICTURE)


def prepare_mark(data: bytes) -> bytes:
    """Return a picture as a mark: at most `MARK_SIDE` wide and high. Raises Refused as `made_small` does."""
    return made_small(data, (MARK_SIDE, MARK_SIDE), MOST_MARK, MARK)


def _kept_row(viewer: Viewer, reference: str, version: int | None, where: str) -> KeptLetterhead:
    """Return the row of a place that has one, as the page has it. Raises NotFound, Refused or Stale."""
    place = queries.get_for(viewer, reference)
    if place.row is None:
        raise Refused(Problem(_UNWRITTEN, {}, where))
    return _row(place, version)


def _digest(picture: bytes | None) -> str:
    return hashlib.sha256(picture).hexdigest()[:16] if picture else ""


def _row(place: LetterheadPlace, version: int | None) -> KeptLetterhead:
    """Return the row of a place, as the page has it. Raises Stale if somebody else wrote it meanwhile."""
    row = place.row
    if (row.version if row else 0) != (version or 0):
        raise Stale(place.reference)
    if row is not None:
        return row
    number = place.organisation.id if place.organisation else None
    return KeptLetterhead(institution_id=number, place=number or 0, mark=None, mark_digest="")


def _keep() -> None:
    db.session.flush()
    shelf = queries.shelf()
    after_commit("letterheads", shelf.forget)


def _told(row: KeptLetterhead) -> dict[str, object]:
    return {"texts": row.texts, "telephone": row.telephone, "email": row.email, "cndp": row.cndp}
