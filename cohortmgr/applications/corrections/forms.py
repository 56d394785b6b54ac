"""The form in which staff ask for corrections: of which answers, why and until when."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from flask import request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import StringField, TextAreaField
from wtforms.widgets import DateInput

from cohortmgr.applications.corrections.rules import KIND_NAMES
from cohortmgr.applications.file.rules import asked
from cohortmgr.base.forms import HouseForm
from cohortmgr.base.i18n import localized
from cohortmgr.programmes.definition.rules import Form


class CorrectionForm(HouseForm):
    """Until when, and a message to the person; `items_of` reads the answers and what is wrong."""

    message = TextAreaField(
        _l("Message à la personne"),
        description=_l("Dites ce qui ne va pas et ce qu’il faut envoyer."),
        render_kw={"rows": 4, "maxlength": 1000, "dir": "auto"},
    )
    until = StringField(_l("À corriger jusqu’au (inclus)"), widget=DateInput())


def items_of(args: Mapping[str, str] | None = None) -> dict[str, str]:
    """Question to kind, from the selects of the page (`fix-<question>`)."""
    given = request.form if args is None else args
    return {
        name.removeprefix("fix-"): kind for name, kind in given.items() if name.startswith("fix-") and kind
    }


def kinds() -> list[tuple[str, str]]:
    """The choices of what is wrong with an answer, "nothing" first."""
    return [("", _("Rien à corriger")), *((kind.value, _(name)) for kind, name in KIND_NAMES.items())]


def sections_asked(
    form: Form, among: Collection[str] | None = None
) -> list[tuple[str, list[tuple[str, str]]]]:
    """The title of each section with its questions' keys and labels: all that are asked, or those `among` them."""
    keys = {question.key for question in asked(form) if among is None or question.key in among}
    return [
        (localized(section.title), [(q.key, localized(q.label)) for q in section.questions if q.key in keys])
        for section in form.sections
        if any(question.key in keys for question in section.questions)
    ]
