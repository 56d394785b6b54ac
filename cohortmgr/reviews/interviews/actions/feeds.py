"""The address at which a calendar finds the days of a member of panels: one at a time, until it is revoked."""

from __future__ import annotations

from datetime import timedelta

from cohortmgr.accounts.actions import links
from cohortmgr.accounts.queries.viewers import viewer_of_account
from cohortmgr.accounts.rules import Viewer
from cohortmgr.audit.actions import About, record
from cohortmgr.base import clock
from cohortmgr.base.db import see
from cohortmgr.base.errors import NotFound, NotPermitted

FEED = "interview_feed"
LIFETIME = timedelta(days=366)


def make_feed(viewer: Viewer) -> str:
    """Make an address of the viewer's own; the one before it opens nothing from now on. Returns its token, which is
    shown once."""
    _end_feed(viewer)
    token = links.create(FEED, viewer.reference, LIFETIME)
    record(viewer, "interviews.make_feed", _about(viewer))
    return token


def revoke_feed(viewer: Viewer) -> None:
    """Revoke the viewer's own address, if there is one."""
    _end_feed(viewer)
    record(viewer, "interviews.revoke_feed", _about(viewer))


def _end_feed(viewer: Viewer) -> None:
    if not viewer.paths("reviews.score"):
        raise NotPermitted("reviews.score")
    links.use_up(FEED, [viewer.reference])


def _about(viewer: Viewer) -> About:
    return About("account", viewer.reference, subject=viewer.person_reference)


def reader_of(token: str) -> Viewer:
    """Return whose address it is, as they may read today, and let the request read for them. Raises NotFound for one
    that was revoked, that has expired, or that nobody made."""
    link = links.find(token, FEED)
    if link.used_at is not None or link.expires_at <= clock.now():
        raise NotFound(FEED)
    found = viewer_of_account(link.subject)
    if found is None:
        raise NotFound(FEED)
    see(found.listed, found.person_id)
    return found
