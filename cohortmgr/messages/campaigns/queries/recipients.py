"""Read who is on the list of a campaign, and what each person is told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa
from flask import current_app

from cohortmgr.accounts.models import Person
from cohortmgr.applications.file.models import Application
from cohortmgr.applications.file.queries import AGREED
from cohortmgr.applications.file.rules import ApplicationState
from cohortmgr.applications.lists.queries import pages as lists
from cohortmgr.base.db import db
from cohortmgr.base.paging import ListPlace, Page, page_of
from cohortmgr.cohorts.models import Enrolment
from cohortmgr.cohorts.rules import PRESENT
from cohortmgr.messages.campaigns import rules
from cohortmgr.messages.campaigns.models import Campaign, CampaignRecipient
from cohortmgr.messages.campaigns.queries.campaigns import filters_of, is_live
from cohortmgr.messages.campaigns.rules import CampaignText
from cohortmgr.messages.preferences.models import Preference
from cohortmgr.messages.undelivered.models import DeliveryTrouble
from cohortmgr.programmes.models import Intake
from cohortmgr.programmes.queries import definition_of

_ADDRESS = sa.func.coalesce(sa.func.nullif(Application.email, ""), Person.email)
_NAME = sa.func.coalesce(
    sa.func.nullif(Application.name, ""), sa.func.trim(Person.given_name + " " + Person.family_name)
)
_BY_TELEPHONE = sa.and_(
    Person.phone_sealed.is_not(None), sa.or_(_ADDRESS.is_(None), Preference.channel == "sms")
)


# If a message failed at a person's address, staff must look at it before anything else is sent there. These people are
# joined once: a sub-query a person would be run anew for each of the figures that ask for it.
_UNRESOLVED = (
    sa.select(DeliveryTrouble.person_id, DeliveryTrouble.institution_id)
    .where(DeliveryTrouble.resolved_at.is_(None))
    .distinct()
    .subquery("troubles")
)
_THEIRS = sa.and_(
    _UNRESOLVED.c.person_id == Application.person_id,
    _UNRESOLVED.c.institution_id == Application.institution_id,
)
_TROUBLED = _UNRESOLVED.c.person_id.is_not(None)
_SILENT = sa.and_(_ADDRESS.is_(None), Person.phone_sealed.is_(None))
_REFUSES = sa.func.coalesce(Preference.campaigns.is_(False), sa.false())


def listed(campaign: Campaign) -> sa.Select[int, int, str]:
    """Select the people on the list as it is now: ids of application and person, and the file's language."""
    return sa.select(Application.id, Application.person_id, Application.language).where(_is_on(campaign))


def _is_on(campaign: Campaign) -> sa.ColumnElement[bool]:
    """Whether a file is on the list as it is now."""
    if campaign.cohort_id is not None:
        present = Enrolment.state.in_([state.value for state in PRESENT])
        members = sa.select(Enrolment.application_id).where(
            Enrolment.cohort_id == campaign.cohort_id, present
        )
        return Application.id.in_(members)
    filters = filters_of(campaign)
    conditions = sa.and_(*lists.chosen(campaign.intake_id, filters))
    if campaign.with_drafts:
        drafts = replace(filters, state=ApplicationState.DRAFT.value, eligible="")
        conditions = sa.or_(conditions, sa.and_(*lists.chosen(campaign.intake_id, drafts)))
    return conditions


def to_fix(campaign: Campaign) -> sa.Select[int, int, str]:
    """Do `listed`, without people at whose address a message failed and no staff have looked at it."""
    return listed(campaign).outerjoin(_UNRESOLVED, _THEIRS).where(sa.not_(_TROUBLED))


def people_on(campaign: Campaign, *columns: Any) -> sa.Select[Any]:
    """Select each person on the list, live or fixed, with their file, their preferences and their troubles."""
    language, number = _language(campaign), Application.id if is_live(campaign) else CampaignRecipient.id
    named: dict[str, Any] = {"language": language.label("language"), "place": number.label("place")}
    wanted: list[Any] = [named.get(each, each) if isinstance(each, str) else each for each in columns]
    chosen = sa.select(*wanted).select_from(Application)
    if is_live(campaign):
        chosen = chosen.where(_is_on(campaign))
    else:
        chosen = chosen.join(CampaignRecipient, CampaignRecipient.application_id == Application.id)
        chosen = chosen.where(CampaignRecipient.campaign_id == campaign.id)
    return (
        chosen.join(Person, Person.id == Application.person_id)
        .outerjoin(Preference, Preference.person_id == Person.id)
        .outerjoin(_UNRESOLVED, _THEIRS)
    )


def _language(campaign: Campaign) -> sa.orm.InstrumentedAttribute[str]:
    """The language in which somebody on the list is written to: the file's, as it was when the list was fixed."""
    return Application.language if is_live(campaign) else CampaignRecipient.language


TOLD = (
    Application.reference,
    "place",
    "language",
    Application.id.label("application_id"),
    Application.number,
    _NAME.label("name"),
    _ADDRESS.label("address"),
    Person.id.label("person_id"),
    Person.reference.label("person_reference"),
    _BY_TELEPHONE.label("by_telephone"),
    Person.phone_sealed.is_not(None).label("has_telephone"),
    _REFUSES.label("refuses"),
    _TROUBLED.label("troubled"),
)


@dataclass(frozen=True)
class RecipientCounts:
    """How many people are on a list, and how many cannot be reached, have an unresolved delivery trouble,
    want no campaigns, have no name, or get a short message. The first three of these exclude one another."""

    total: int
    languages: Mapping[str, int]
    unreachable: int
    troubled: int
    unsubscribed: int
    nameless: int
    by_telephone: int

    @property
    def receiving(self) -> int:
        """The number of people to whom a message can leave."""
        return self.total - self.unreachable - self.troubled - self.unsubscribed


def _column(problem: sa.ColumnElement[bool], name: str) -> sa.Label[Any]:
    return sa.func.count().filter(problem).label(name)


_REACHED = sa.and_(sa.not_(_SILENT), sa.not_(_TROUBLED), sa.not_(_REFUSES))


def counts(campaign: Campaign) -> RecipientCounts:
    """Count the people on a campaign's list, in one statement, however long the list."""
    query = people_on(
        campaign,
        "language",
        sa.func.count().label("total"),
        _column(_SILENT, "unreachable"),
        _column(sa.and_(sa.not_(_SILENT), _TROUBLED), "troubled"),
        _column(sa.and_(sa.not_(_SILENT), sa.not_(_TROUBLED), _REFUSES), "unsubscribed"),
        _column(_NAME == "", "nameless"),
        _column(sa.and_(_BY_TELEPHONE, _REACHED), "by_telephone"),
    )
    rows = db.session.execute(query.group_by(query.selected_columns.language)).all()
    names = ("total", "unreachable", "troubled", "unsubscribed", "nameless", "by_telephone")
    sums = {name: sum(getattr(row, name) for row in rows) for name in names}
    by_language = sorted(rows, key=lambda row: (-row.total, row.language))
    return RecipientCounts(languages={row.language: row.total for row in by_language}, **sums)


def told(campaign: Campaign, place: ListPlace, size: int, texts: Mapping[str, CampaignText]) -> Page:
    """Return one page of the list, people with a problem first."""
    query = people_on(campaign, *TOLD).where(AGREED)
    problem = sa.case(
        (_SILENT, 0),
        (_language(campaign).not_in(rules.languages_of(texts)), 1),
        (sa.and_(sa.literal(rules.uses_name(texts)), _NAME == ""), 2),
        (_TROUBLED, 3),
        (_REFUSES, 4),
        else_=5,
    )
    return page_of(query.order_by(problem, Application.sort_name, Application.id), place, size)


def first_told(campaign: Campaign) -> sa.Row[Any] | None:
    """Return somebody on the list, as an example; None if it is empty."""
    first = people_on(campaign, *TOLD).where(AGREED).order_by(Application.id).limit(1)
    return db.session.execute(first).first()


def by_telephone(campaign: Campaign, most: int) -> Sequence[sa.Row[Any]]:
    """Return language, name and number of those who get a short message, of `most` of them. One statement."""
    query = people_on(campaign, "language", _NAME.label("name"), Application.number)
    return db.session.execute(query.where(_BY_TELEPHONE, _REACHED).limit(most)).all()


def next_recipients(campaign: Campaign, size: int) -> Sequence[sa.Row[Any]]:
    """Return the next people of a fixed list, after the last one whose message was written."""
    query = people_on(campaign, *TOLD)
    place = query.selected_columns.place
    return db.session.execute(query.where(place > campaign.reached).order_by(place).limit(size)).all()


def still_meant(campaign: Campaign, rows: Sequence[sa.Row[Any]]) -> set[int]:
    """Return the files, of rows of the fixed list, that the filter finds at this hour as well. One statement.

    Between the proposal and the sending people withdraw, are admitted, leave."""
    files = [row.application_id for row in rows]
    return set(db.session.scalars(listed(campaign).where(Application.id.in_(files))))


def count_dealt_with(campaign: Campaign) -> int:
    """Count the people of a fixed list who were dealt with."""
    dealt = (CampaignRecipient.campaign_id == campaign.id, CampaignRecipient.id <= campaign.reached)
    return db.session.scalar(sa.select(sa.func.count()).select_from(CampaignRecipient).where(*dealt)) or 0


def problems_of(row: Any, texts: Mapping[str, CampaignText]) -> list[str]:
    """Return why nothing can be written to somebody on the list, as msgids.
    Preferences are not among the reasons: the outbox looks at them when the message leaves."""
    found = []
    if not row.address and not row.has_telephone:
        found.append(rules.NO_ADDRESS)
    if row.language not in texts or not texts[row.language].is_whole:
        found.append(rules.NO_TEXT)
    elif not row.name and rules.uses_name({row.language: texts[row.language]}):
        found.append(rules.NO_NAME)
    if row.troubled:
        found.append(rules.TROUBLED)
    return found


def shared_by(intake: Intake) -> dict[str, Mapping[str, str]]:
    """Return what texts say of the intake, in each language, by variable."""
    return {"programme": dict(definition_of(intake).title), "intake": dict(intake.title)}


def values_for(row: Any, shared: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """Return the values of a text's variables for one person (a row with language, name and number)."""
    values = {name: text.get(row.language) or text.get("fr", "") for name, text in shared.items()}
    link = current_app.config["BASE_URL"] + "/my"
    return {**values, "name": row.name or "", "number": row.number, "link": link}
