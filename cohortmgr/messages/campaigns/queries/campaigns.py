"""Read campaigns: those of a viewer, and where one of them stands."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from cohortmgr.accounts.queries.viewers import within
from cohortmgr.accounts.rules import Viewer
from cohortmgr.applications.file.queries import staff_intake
from cohortmgr.applications.lists.filters import ApplicationFilters
from cohortmgr.applications.lists.queries.allowed import is_open, is_withheld
from cohortmgr.base.db import db
from cohortmgr.base.errors import NotFound
from cohortmgr.cohorts.models import Cohort
from cohortmgr.messages.campaigns.models import Campaign
from cohortmgr.messages.campaigns.states import CampaignState
from cohortmgr.programmes.models import Intake

WRITE = "messages.write"
APPROVE = "messages.approve"


def visible(viewer: Viewer, permission: str = WRITE) -> sa.Select[Campaign, Intake]:
    """Select the campaigns, with intakes, of programmes where the viewer has the permission, newest first. One whose
    filters are not open to the viewer is left out: its number and its people tell who meets them."""
    return (
        sa.select(Campaign, Intake)
        .join(Intake, Intake.id == Campaign.intake_id)
        .where(within(viewer, permission, Intake.path), is_open(viewer, Campaign.filters, Intake.path))
        .order_by(Campaign.created_at.desc(), Campaign.id.desc())
    )


def get_for(viewer: Viewer, reference: str, *, lock: bool = False) -> tuple[Campaign, Intake]:
    """Return the campaign of a reference and its intake. Raises NotFound if the viewer may not see it.
    With `lock`, a second click waits for the first and then reads what the first one wrote."""
    wanted = visible(viewer).where(Campaign.reference == reference)
    if lock:
        wanted = wanted.with_for_update(of=Campaign).execution_options(populate_existing=True)
    row = db.session.execute(wanted).first()
    if row is None or not is_told(viewer, row[0]):
        raise NotFound(reference)
    return row[0], row[1]


def intake_for(viewer: Viewer, reference: str) -> Intake:
    """Return an intake to whose people the viewer may write. Raises NotFound otherwise."""
    return staff_intake(viewer, reference, WRITE)


def waiting_for_approval(viewer: Viewer) -> Sequence[Campaign]:
    """Return the campaigns for the viewer to approve, which they neither wrote nor proposed, oldest first."""
    others = (Campaign.written_by != viewer.reference, Campaign.proposed_by != viewer.reference)
    proposed = visible(viewer, APPROVE).where(Campaign.state == CampaignState.PROPOSED.value, *others)
    found = db.session.scalars(proposed.order_by(None).order_by(Campaign.proposed_at))
    return [campaign for campaign in found if is_told(viewer, campaign)]


def listed(viewer: Viewer, intake_id: int | None) -> sa.Select[Campaign, Intake]:
    """Do `visible`, of one intake or all."""
    chosen = visible(viewer)
    return chosen if intake_id is None else chosen.where(Campaign.intake_id == intake_id)


def cohort_of(intake_id: int) -> Cohort | None:
    """Return the cohort of an intake, to which a campaign can go instead of a list; None if there is none."""
    return db.session.scalar(sa.select(Cohort).where(Cohort.intake_id == intake_id))


def by_form_key(account_reference: str, key: str) -> Campaign | None:
    """Return the campaign that an account created with one form; None if there is none."""
    asked = (Campaign.created_by == account_reference, Campaign.form_key == key)
    return db.session.scalar(sa.select(Campaign).where(*asked))


def is_told(viewer: Viewer, campaign: Campaign) -> bool:
    """Whether a campaign that `visible` selects is told to the viewer: its people are not those of a choice in which
    they have an interest."""
    return not is_withheld(viewer, campaign.intake_id, filters_of(campaign))


def filters_of(campaign: Campaign) -> ApplicationFilters:
    """Return the filters of the list of applications that a campaign keeps."""
    return ApplicationFilters.of(campaign.filters)


def is_live(campaign: Campaign) -> bool:
    """Whether the list still follows its filter, because it is not fixed."""
    given_up = campaign.state == CampaignState.CANCELLED and not campaign.total
    return campaign.state == CampaignState.DRAFT or given_up
