"""The forms of selection: proposing a batch of decisions, and the acts on an offer and a waiting list."""

from __future__ import annotations

from datetime import datetime

from flask_babel import lazy_gettext as _l
from wtforms import DateField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional

from cohortmgr.base.forms import HouseForm
from cohortmgr.selection.moves.rules import LONGEST_MOVE_REASON


class ProposeForm(HouseForm):
    """Holds a note to the person who will approve."""

    note = TextAreaField(
        _l("Note pour la personne qui approuvera"),
        [Optional(), Length(max=2000)],
    )


class MoveForm(HouseForm):
    """Holds why the jury decides of a file by hand. Which way is the button that was pressed."""

    reason = TextAreaField(
        _l("Motif"),
        [
            InputRequired(_l("Dites pourquoi la commission en décide ainsi : le motif va au certificat.")),
            Length(max=LONGEST_MOVE_REASON),
        ],
        description=_l(
            "Il va au certificat, et la personne le lit si elle n’est pas retenue : n’y nommez personne d’autre."
        ),
    )


class ExtendOfferForm(HouseForm):
    """Holds the new last day to answer an offer."""

    until = DateField(_l("Nouveau dernier jour pour répondre"), [InputRequired(_l("Choisissez un jour."))])


class WithdrawOfferForm(HouseForm):
    """Holds the reason for which an offer is withdrawn; its person reads it."""

    reason = TextAreaField(
        _l("Motif"),
        [InputRequired(_l("Écrivez le motif : la personne le lit.")), Length(max=1000)],
        description=_l("La personne le lit dans le message qui lui annonce le retrait."),
    )


class CloseListForm(HouseForm):
    """Holds the reason for which a waiting list is closed; it stays in the trail."""

    reason = TextAreaField(
        _l("Motif"),
        [InputRequired(_l("Écrivez le motif : il explique cet acte plus tard.")), Length(max=1000)],
        description=_l("Il reste au journal. Les personnes apprennent que la liste est close."),
    )


def known_close(typed: str | None) -> datetime | None:
    """Return the close of the intake that the person ticked as known, or None."""
    try:
        found = datetime.fromisoformat(typed or "")
    except ValueError:
        return None
    return found if found.tzinfo else None
