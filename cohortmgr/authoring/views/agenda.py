"""What of the programmes in preparation waits for whom: a second person publishes what one has prepared."""

from __future__ import annotations

from collections.abc import Iterator

from flask import url_for
from flask_babel import gettext as _

from cohortmgr.accounts.rules import Viewer
from cohortmgr.base import clock
from cohortmgr.base.i18n import localized
from cohortmgr.base.registries.waiting import PendingAct
from cohortmgr.programmes.drafts.queries import prepared


def to_publish(viewer: Viewer) -> Iterator[PendingAct]:
    """Yield the programmes in preparation that the viewer may publish, and those that wait for somebody else to, each
    until its first campaign opens."""
    for programme, opens_at in prepared(viewer):
        title, url = localized(programme.title), url_for("publishing_staff.publish", key=programme.key)
        until = opens_at if opens_at > clock.now() else None
        if programme.prepared_by == viewer.reference:
            what = _("Programme en attente d’une deuxième personne : %(title)s", title=title)
            yield PendingAct(what, _("Relire"), url, "info", until)
        else:
            what = _("Un programme attend votre accord pour être publié : %(title)s", title=title)
            yield PendingAct(what, _("Relire et publier"), url, until=until)
