"""What the public page of a programme says in sentences, in the present language."""

from __future__ import annotations

from flask_babel import gettext as _

from cohortmgr.base.i18n import localized, say
from cohortmgr.programmes.definition.rubric_changes import PHASE_NAMES
from cohortmgr.programmes.definition.rules import Rubric


def phases_told(rubric: Rubric) -> str:
    """By which phases files are chosen, in their order, as one sentence; empty if nothing is marked."""
    names = [localized(each.title) if each.title else say(PHASE_NAMES[each.kind]) for each in rubric.phases]
    # What follows in a sentence has no capital, where a language has any.
    return _(", puis ").join([*names[:1], *(name[:1].lower() + name[1:] for name in names[1:])])
