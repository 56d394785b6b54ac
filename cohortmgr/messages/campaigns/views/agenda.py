"""What of the mailings to many people waits for whom."""

from __future__ import annotations

from collections.abc import Iterator

from flask import url_for
from flask_babel import gettext as _

from cohortmgr.accounts.rules import Viewer
from cohortmgr.base.registries.waiting import PendingAct
from cohortmgr.messages.campaigns.queries import campaigns as campaign_queries


def to_approve(viewer: Viewer) -> Iterator[PendingAct]:
    """Yield the campaigns to which the viewer may agree, for their agenda."""
    for campaign in campaign_queries.waiting_for_approval(viewer):
        what = _("Un envoi groupé attend votre accord : %(title)s", title=campaign.title)
        url = url_for("campaigns_staff.show", reference=campaign.reference)
        yield PendingAct(
            what, _("Relire et approuver"), url, until=campaign.due, intake_id=campaign.intake_id
        )
