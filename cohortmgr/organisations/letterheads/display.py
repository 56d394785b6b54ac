"""A letterhead as the reader's language writes it: in the foot of a mail, before and behind a short message."""

from __future__ import annotations

from flask_babel import gettext as _

from cohortmgr.base.i18n import localized
from cohortmgr.organisations.letterheads.rules import Letterhead
from cohortmgr.outbox.hooks import Signature


def short_name(letterhead: Letterhead) -> str:
    """Return the name that fits beside a mark: the short one, or the whole where there is none."""
    return localized(letterhead.text("short")) or localized(letterhead.text("name"))


def signature_of(letterhead: Letterhead) -> Signature:
    """Return how messages are signed, in the current language."""
    lines = [localized(letterhead.text("address"))]
    if letterhead.telephone:
        hours = localized(letterhead.text("hours"))
        number = f"\u2066{letterhead.telephone}\u2069"  # digits stay in order among Arabic words
        lines.append(
            _("Téléphone : %(number)s (%(hours)s)", number=number, hours=hours)
            if hours
            else _("Téléphone : %(number)s", number=number)
        )
    return Signature(
        localized(letterhead.text("name")),
        short_name(letterhead),
        letterhead.telephone,
        tuple(filter(None, lines)),
    )
