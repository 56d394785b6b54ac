"""Read the help desk: who may see which question, the lists, the counts for the home page, and threads."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from cohortmgr.accounts.contacts import EMAIL, SMS, Contact
from cohortmgr.accounts.models import Account, Person, RoleGrant
from cohortmgr.accounts.queries import viewers as accounts
from cohortmgr.accounts.rules import PERMISSIONS, Role, Viewer
from cohortmgr.applications.file.models import Application
from cohortmgr.applications.guardians.queries import has_guardian
from cohortmgr.audit.queries import known_keys
from cohortmgr.base import clock, crypto
from cohortmgr.base.databases.parts import in_parts
from cohortmgr.base.db import db
from cohortmgr.base.errors import NotFound, Problem
from cohortmgr.base.registries.waiting import counted_up_to
from cohortmgr.base.text import fold
from cohortmgr.messages.helpdesk.models import HelpRequest, ThreadEntry
from cohortmgr.messages.helpdesk.rules import (
    FROM_THE_PERSON,
    INTERNAL,
    UNANSWERED,
    EntryKind,
    HelpRequestState,
    ThreadFile,
    Topic,
)
from cohortmgr.programmes.models import Intake
from cohortmgr.stipends.models import StipendLine

DESK = "messages.desk"
WRITE = "messages.write"
# Questions about money are for people who pay and who answer for the programme;
# finance sees no other questions.
_PAYERS = frozenset({Role.FINANCE, Role.PROGRAMME_ADMINISTRATOR})
_OTHERS = PERMISSIONS[DESK] - {Role.FINANCE}
_UNANSWERED = tuple(state.value for state in UNANSWERED)
_Owner = aliased(Person)
_OwnerAccount = aliased(Account)
_LINE: tuple[Any, ...] = (
    HelpRequest,
    Person,
    _Owner.given_name.label("owner_given"),
    _Owner.family_name.label("owner_family"),
    Application.number.label("file_number"),
    Application.reference.label("file_reference"),
    Intake.title.label("intake_title"),
)


@dataclass(frozen=True)
class HelpRequestFilters:
    """The filters of the list, as its URL gives them.
    Without a state, the list shows what is not answered."""

    whose: str = ""
    late: bool = False
    topic: str = ""
    intake: str = ""
    state: str = ""
    search: str = ""

    @classmethod
    def of(cls, args: Mapping[str, str]) -> HelpRequestFilters:
        """Read the filters from the URL; an unknown value filters nothing."""
        whose, topic, state = args.get("whose", ""), args.get("topic", ""), args.get("state", "")
        return cls(
            whose if whose in ("mine", "unowned") else "",
            bool(args.get("late")),
            topic if topic in set(Topic) else "",
            args.get("intake", "")[:26],
            state if state in {*HelpRequestState, "all"} else "",
            args.get("search", "").strip()[:100],
        )

    def arguments(self) -> dict[str, str]:
        """Return the filters that are set, for links."""
        found = {name: str(value) for name, value in vars(self).items() if value}
        return {**found, "late": "1"} if self.late else found


@dataclass(frozen=True)
class ThreadPart:
    """One part of a thread, unsealed.

    `shown` is what the page shows; None once it was erased. `text` is the whole text if `shown` is only a
    part of it. If `ours`, `shown` is a msgid. If `withheld`, the part was written for a child's guardian."""

    kind: EntryKind
    at: datetime
    author: str
    shown: str | None
    text: str = ""
    attachments: Sequence[Mapping[str, Any]] = ()
    sender: str = ""
    spoken_with: str = ""
    ours: bool = False
    withheld: bool = False
    values: Mapping[str, Any] = field(default_factory=dict)
    entry: str = ""
    file: Mapping[str, Any] | None = None

    @property
    def said(self) -> Problem:
        """Return a part that is `ours`, to be put into the reader's language."""
        return Problem(self.shown or "", self.values)


def within(viewer: Viewer) -> sa.ColumnElement[bool]:
    """Whether a question belongs to a programme where the viewer is at the desk."""
    if viewer.is_system:
        return sa.true()

    def held_by(roles: frozenset[Role]) -> sa.ColumnElement[bool]:
        scopes = {grant.scope for grant in viewer.grants if grant.role in roles}
        return accounts.below(HelpRequest.path, sorted(scopes))

    of_money = sa.and_(HelpRequest.line_id.is_not(None), held_by(_PAYERS))
    return sa.or_(of_money, sa.and_(HelpRequest.line_id.is_(None), held_by(_OTHERS)))


def visible(viewer: Viewer) -> sa.Select[*tuple[Any, ...]]:
    """Select (question, person, owner's names, file, intake) at the viewer's desk."""
    return (
        sa.select(*_LINE)
        .outerjoin(Person, Person.id == HelpRequest.person_id)
        .outerjoin(_OwnerAccount, _OwnerAccount.id == HelpRequest.owner_id)
        .outerjoin(_Owner, _Owner.id == _OwnerAccount.person_id)
        .outerjoin(Application, Application.id == HelpRequest.application_id)
        .outerjoin(Intake, Intake.id == HelpRequest.intake_id)
        .where(within(viewer))
    )


def listed(viewer: Viewer, filters: HelpRequestFilters) -> sa.Select[*tuple[Any, ...]]:
    """Do `visible`, filtered; questions due first come first."""
    return narrowed(visible(viewer), viewer, filters).order_by(HelpRequest.answer_by, HelpRequest.id)


def narrowed(
    query: sa.Select[*tuple[Any, ...]], viewer: Viewer, filters: HelpRequestFilters
) -> sa.Select[*tuple[Any, ...]]:
    """Add the conditions of the filters to a query, which must join intakes, persons and files."""
    if filters.whose == "mine":
        query = query.where(HelpRequest.owner_id == viewer.account_id)
    elif filters.whose == "unowned":
        query = query.where(HelpRequest.owner_id.is_(None))
    if filters.late:
        query = query.where(*_late())
    if filters.topic:
        query = query.where(HelpRequest.topic == filters.topic)
    if filters.intake:
        query = query.where(Intake.reference == filters.intake)
    if filters.state != "all":
        query = query.where(HelpRequest.state.in_([filters.state] if filters.state else _UNANSWERED))
    for word in fold(filters.search).split():
        told = HelpRequest.search_text.contains(word, autoescape=True)
        named = Person.search_name.contains(word, autoescape=True)
        mailed = sa.func.lower(Person.email).contains(word, autoescape=True)
        filed = sa.func.lower(Application.number).contains(word, autoescape=True)
        query = query.where(sa.or_(told, named, mailed, filed))
    return query


def _late() -> tuple[sa.ColumnElement[bool], ...]:
    return HelpRequest.state == HelpRequestState.OPEN.value, HelpRequest.answer_by < clock.today()


def get_for(viewer: Viewer, reference: str) -> sa.Row[*tuple[Any, ...]]:
    """Return the row of one question at the viewer's desk. Raises NotFound otherwise."""
    found = db.session.execute(visible(viewer).where(HelpRequest.reference == reference)).first()
    if found is None:
        raise NotFound(reference)
    return found


def question_for(viewer: Viewer, reference: str) -> HelpRequest:
    """Return one question at the viewer's desk, for acts. Raises NotFound otherwise."""
    found = db.session.scalar(
        sa.select(HelpRequest).where(HelpRequest.reference == reference, within(viewer))
    )
    if found is None:
        raise NotFound(reference)
    return found


def counts(viewer: Viewer) -> sa.Row[*tuple[Any, ...]]:
    """Count what waits at the viewer's desk:
    `open`, `waiting`, `mine`, `unowned`, `late`; and the `oldest` day that is late."""

    def many(*conditions: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
        return sa.func.coalesce(sa.func.sum(sa.case((sa.and_(*conditions), 1), else_=0)), 0)

    late = sa.and_(*_late())
    return db.session.execute(
        sa.select(
            many(HelpRequest.state == HelpRequestState.OPEN.value).label("open"),
            many(HelpRequest.state == HelpRequestState.WAITING.value).label("waiting"),
            many(HelpRequest.owner_id == (viewer.account_id or -1)).label("mine"),
            many(HelpRequest.owner_id.is_(None)).label("unowned"),
            many(late).label("late"),
            sa.func.min(sa.case((late, HelpRequest.answer_by))).label("oldest"),
        ).where(within(viewer), HelpRequest.state.in_(_UNANSWERED))
    ).one()


def waiting_at(viewer: Viewer) -> sa.ScalarSelect[int]:
    """How many questions wait for an answer at the viewer's desk, for their frame."""
    waiting = sa.select(HelpRequest.id).where(
        within(viewer), HelpRequest.state == HelpRequestState.OPEN.value
    )
    return counted_up_to(waiting)


def groups(viewer: Viewer) -> Sequence[sa.Row[*tuple[Any, ...]]]:
    """Return (topic, intake, title, count) of similar open questions, at least two of each, the largest group
    first."""
    number = sa.func.count().label("number")
    return db.session.execute(
        sa.select(HelpRequest.topic, Intake.reference.label("intake"), Intake.title, number)
        .join(Intake, Intake.id == HelpRequest.intake_id)
        .where(
            within(viewer), HelpRequest.state == HelpRequestState.OPEN.value, HelpRequest.line_id.is_(None)
        )
        .group_by(HelpRequest.topic, Intake.id, Intake.reference, Intake.title)
        .having(number > 1)
        .order_by(number.desc(), HelpRequest.topic)
        .limit(8)
    ).all()


def excerpts(questions: Sequence[HelpRequest]) -> dict[int, str]:
    """Return what the person wrote last, by the question's id. Two statements."""
    last = (
        sa.select(sa.func.max(ThreadEntry.id))
        .where(ThreadEntry.question_id.in_([each.id for each in questions]))
        .where(ThreadEntry.kind.in_([kind.value for kind in FROM_THE_PERSON]))
        .group_by(ThreadEntry.question_id)
    )
    rows = (
        db.session.scalars(sa.select(ThreadEntry).where(ThreadEntry.id.in_(last))).all() if questions else []
    )
    keys = known_keys({each.subject for each in questions})
    subjects = {each.id: each.subject for each in questions}
    found = {row.question_id: _opened(row, keys.get(subjects[row.question_id])) for row in rows}
    return {
        number: str(content.get("shown") or content["text"]) for number, content in found.items() if content
    }


def thread(question: HelpRequest, whole: bool) -> list[ThreadPart]:
    """Return the parts of a question in order; `whole` includes what its person may not see.
    Four statements at most.

    A child reads only their own words in their question; what adults wrote is for the guardian."""
    chosen = (
        sa.select(ThreadEntry, Person.given_name, Person.family_name)
        .outerjoin(Account, Account.id == ThreadEntry.author_id)
        .outerjoin(Person, Person.id == Account.person_id)
        .where(ThreadEntry.question_id == question.id)
        .order_by(ThreadEntry.at, ThreadEntry.id)
    )
    if not whole:
        chosen = chosen.where(ThreadEntry.kind.not_in([kind.value for kind in INTERNAL]))
    rows = db.session.execute(chosen).all()
    key = known_keys({question.subject}).get(question.subject)
    parts = [_part(row, key) for row in rows]
    if not whole and has_guardian(question.person_id, question.asker_email):
        return [_to_child(part) for part in parts if part.kind is not EntryKind.CALL]
    return parts


def _to_child(part: ThreadPart) -> ThreadPart:
    """Return a part as a child may see it:
    an adult's answer, or a mail from an address that is not the child's, shows only that it exists."""
    if part.kind is not EntryKind.ANSWER and not part.sender:
        return part
    return ThreadPart(part.kind, part.at, "", None, withheld=True)


def _part(row: sa.Row[*tuple[Any, ...]], key: bytes | None) -> ThreadPart:
    entry: ThreadEntry = row[0]
    author = f"{row.given_name or ''} {row.family_name or ''}".strip()
    content = _opened(entry, key)
    if content is None:
        return ThreadPart(EntryKind(entry.kind), entry.at, author, None)
    return ThreadPart(
        EntryKind(entry.kind),
        entry.at,
        author,
        content.get("shown") or content["text"],
        content["text"] if content.get("shown") not in (None, content["text"]) else "",
        content.get("attachments", ()),
        content.get("sender", ""),
        content.get("with", ""),
        bool(content.get("ours")),
        values=content.get("values", {}),
        entry=entry.reference,
        file=content.get("file") if entry.file_key else None,
    )


def file_of(question: HelpRequest, entry: str) -> ThreadFile:
    """Return the file of an entry of a question. Raises NotFound if it has none, or once it was erased."""
    row = db.session.scalar(
        sa.select(ThreadEntry).where(ThreadEntry.question_id == question.id, ThreadEntry.reference == entry)
    )
    content = _opened(row, known_keys({question.subject}).get(question.subject)) if row else None
    if row is None or row.file_key is None or content is None:
        raise NotFound(entry)
    told = content["file"]
    return ThreadFile(row.file_key, told["name"], told["media_type"])


def stored_keys() -> set[str]:
    """Return the keys of all files in the storage that came with questions."""
    return set(db.session.scalars(sa.select(ThreadEntry.file_key).where(ThreadEntry.file_key.is_not(None))))


def _opened(entry: ThreadEntry, key: bytes | None) -> dict[str, Any] | None:
    if key is None or not entry.sealed:
        return None
    content: dict[str, Any] = json.loads(crypto.decrypt(key, entry.sealed, entry.reference.encode()))
    return content


def phone_of(question: HelpRequest) -> str:
    """Return the telephone number that somebody without an account left; empty if none."""
    if question.phone_sealed is None:
        return ""
    return crypto.unseal(question.phone_sealed, "questions", "phone", question.reference)


def door_of(question: HelpRequest) -> Contact | None:
    """Return the address or number of a task that tells that wrong answers closed its question; None for others."""
    told = sa.select(ThreadEntry.id).where(ThreadEntry.question_id == question.id)
    if question.person_id is not None or question.application_id is not None:
        return None
    if db.session.scalar(told.where(ThreadEntry.once == f"{question.reference}:door")) is None:
        return None
    return Contact(EMAIL, question.asker_email) if question.asker_email else Contact(SMS, phone_of(question))


def mine(viewer: Viewer) -> Sequence[HelpRequest]:
    """Return the viewer's own questions, the last changed first."""
    own = sa.select(HelpRequest).where(HelpRequest.person_id == (viewer.person_id or -1))
    return db.session.scalars(
        own.order_by(HelpRequest.touched_at.desc(), HelpRequest.id.desc()).limit(200)
    ).all()


def own(viewer: Viewer, reference: str) -> HelpRequest:
    """Return one of the viewer's own questions. Raises NotFound otherwise."""
    found = db.session.scalar(
        sa.select(HelpRequest).where(
            HelpRequest.reference == reference, HelpRequest.person_id == (viewer.person_id or -1)
        )
    )
    if found is None:
        raise NotFound(reference)
    return found


def colleagues(question: HelpRequest) -> Sequence[sa.Row[*tuple[Any, ...]]]:
    """Return (id, reference, given_name, family_name) of the accounts that may answer a question, by name."""
    roles = _PAYERS if question.line_id is not None else _OTHERS
    return db.session.execute(
        sa.select(Account.id, Account.reference, Person.given_name, Person.family_name, Person.search_name)
        .join(Person, Person.id == Account.person_id)
        .join(RoleGrant, RoleGrant.account_id == Account.id)
        .where(RoleGrant.role.in_([role.value for role in roles]), accounts.granted(question.path))
        .distinct()
        .order_by(Person.search_name, Account.id)
    ).all()


def line_of(question: HelpRequest) -> StipendLine | None:
    """Return the payment line that the question is about; None if it is about none."""
    return None if question.line_id is None else db.session.get(StipendLine, question.line_id)


def without_account(person_ids: Iterable[int]) -> set[int]:
    """Return the persons among these who have no account, in one statement for every 500."""
    left = set(person_ids)
    for part in in_parts(left):
        left -= set(db.session.scalars(sa.select(Account.person_id).where(Account.person_id.in_(part))))
    return left
