"""A telephone that people call an organisation by."""

from __future__ import annotations

import pytest

from cohortmgr.organisations.telephones import dialled, telephone_problems, typed


def test_short_numbers_are_dialled_as_they_are() -> None:
    assert (dialled("3737"), dialled("+33 1 23 45 67 89"), dialled("")) == ("3737", "+33123456789", "")


@pytest.mark.parametrize("said", ["0522000000", " 05 22 00 00 00 ", "٠٥٢٢٠٠٠٠٠٠"])
def test_what_was_typed_is_kept_as_people_read_it(said: str) -> None:
    assert typed(said) == "05 22 00 00 00" and telephone_problems(typed(said)) == []


def test_none_is_no_fault_and_one_that_no_network_knows_is() -> None:
    assert telephone_problems("") == []
    assert [each.where for each in telephone_problems("05 22 00")] == ["telephone"]
