"""A typed name is a candidate's if it has the same words: no part of one is."""

import pytest

from cohortmgr.reviews.assignment import acquaintance


@pytest.mark.parametrize(
    ("typed", "name", "known"),
    [
        ("Salma Bennis", "Salma Bennis", True),
        ("BENNIS  salma", "Salma Bennis", True),
        ("Héloïse Le-Goff", "heloise le goff", True),
        ("سَلمى بنيس", "سلمى بنيس", True),
        ("Salma", "Salma Bennis", False),
        ("Salma Benn", "Salma Bennis", False),
        ("", "", False),
    ],
)
def test_names_are_compared_by_their_words(typed: str, name: str, known: bool) -> None:
    assert acquaintance.is_known(name, acquaintance.typed_names(typed)) is known
