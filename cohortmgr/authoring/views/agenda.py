"""What of the programmes that are written waits for whom."""

from __future__ import annotations

from collections.abc import Iterator

from flask import url_for
from flask_babel import gettext as _

from cohortmgr.accounts.rules import Viewer
from cohortmgr.base.i18n import localized
from cohortmgr.base.registries.waiting import PendingAct
from cohortmgr.programmes.drafts import queries


def to_publish(viewer: Viewer) -> Iterator[PendingAct]:
    """Yield the programmes that somebody else prepared, and that the viewer may publish."""
    for programme in queries.to_publish(viewer):
        what = _("Un programme attend sa publication : %(programme)s", programme=localized(programme.title))
        url = url_for("publishing_staff.publish", key=programme.key)
        yield PendingAct(what, _("Relire et publier"), url)
