"""What a definition says of people's data is all of it, and nothing that the programme does not do."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cohortmgr.programmes.definition.rules import Definition, Payer, ProgrammeStage
from cohortmgr.programmes.definition.toml import read_known
from cohortmgr.programmes.public.rules import PURPOSES, purposes_of, seen_by

KNOWN = ("mdia", "jobintech", "ai-master-junior")


def said(definition: Definition) -> str:
    return "\n".join(each.what for each in seen_by(definition))


def test_each_phase_has_a_purpose() -> None:
    assert PURPOSES.keys() == set(ProgrammeStage)


@pytest.mark.parametrize("key", KNOWN)
def test_a_programme_says_the_purposes_of_its_phases_in_their_order(key: str) -> None:
    definition = read_known(key)
    assert purposes_of(definition) == [PURPOSES[each] for each in ProgrammeStage if each in definition.stages]


def test_nobody_is_named_whose_part_the_programme_does_not_have() -> None:
    whole = read_known("mdia")
    names = next(each.values["names"] for each in seen_by(whole) if "names" in each.values)
    assert names == tuple(partner.name for partner in whole.partners)
    for phase, word in (
        (ProgrammeStage.SELECTION, "notent"),
        (ProgrammeStage.TRAINING, "formatrices"),
        (ProgrammeStage.PLACEMENT, "entreprises partenaires"),
        (ProgrammeStage.STIPEND, "banque"),
    ):
        without = replace(whole, stages=tuple(each for each in whole.stages if each is not phase))
        assert word in said(whole)
        assert word not in said(without)


def test_who_pays_and_who_agrees_for_a_child_are_said() -> None:
    whole = read_known("mdia")
    assert whole.stipend is not None and whole.stipend.payer is Payer.COMPANY
    assert "L’entreprise qui verse" in said(whole)
    paid_by_host = replace(whole, stipend=replace(whole.stipend, payer=Payer.HOST))
    assert "Le service qui paie" in said(paid_by_host)
    assert "tuteur légal" not in said(whole)
    assert "tuteur légal" in said(read_known("ai-master-junior"))
