"""Says in words what one version of an intake's rules changes in another. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cohortmgr.base.errors import N_, Problem
from cohortmgr.programmes.definition.bounds.attributes import FileAttribute
from cohortmgr.programmes.definition.bounds.wording import bound_words
from cohortmgr.programmes.definition.texts import Text
from cohortmgr.selection.sealing.rules import RulesContent

_NEW = N_("nouvelle borne : %(bound)s")
_GONE = N_("borne retirée : %(bound)s")
_SEATS = N_("places de « %(offering)s » : %(after)s, au lieu de : %(before)s")
_ENTERS = N_("entre de droit : %(number)s (%(paper)s)")
_ENTERS_NOT = N_("n’entre plus de droit : %(number)s")
_REASONED = N_("entre de droit pour un autre motif : %(number)s (%(paper)s)")
_TIES = N_("l’ordre des départages")


def differences(
    before: RulesContent,
    after: RulesContent,
    attributes: Mapping[str, FileAttribute],
    named: Mapping[str, Text],
) -> Iterator[Problem]:
    """Yield what `after` says otherwise; `named` are the titles of the offerings by key."""
    for key, number in after.seats.items():
        was = before.seats.get(key)
        if was != number:
            yield Problem(_SEATS, {"offering": named.get(key, key), "after": number, "before": was or 0})
    for bound in after.bounds:
        if bound not in before.bounds:
            yield Problem(_NEW, {"bound": bound_words(bound, attributes)})
    for bound in before.bounds:
        if bound not in after.bounds:
            yield Problem(_GONE, {"bound": bound_words(bound, attributes)})
    yield from _right(before, after)
    if before.ties != after.ties:
        yield Problem(_TIES)


def _right(before: RulesContent, after: RulesContent) -> Iterator[Problem]:
    were = {each.application: each for each in before.right}
    are = {each.application: each for each in after.right}
    for number, entry in are.items():
        if were.get(number) != entry:
            what = _REASONED if number in were else _ENTERS
            yield Problem(what, {"number": number, "paper": entry.paper})
    for number in were:
        if number not in are:
            yield Problem(_ENTERS_NOT, {"number": number})
