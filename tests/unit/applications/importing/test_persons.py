"""Whether a row and what is known are of one person or of two, by all that is no number."""

from __future__ import annotations

import pytest

from cohortmgr.applications.importing.persons import is_another, names_differ

KNOWN = {
    "given_name": "Salma", "family_name": "El Alami", "given_name_ar": "سلمى", "family_name_ar": "العلمي",
    "birth_date": "2002-02-26", "email": "salma@example.org", "phone": "+212612345671",
}  # fmt: skip
OMAR = {
    "given_name": "Omar", "family_name": "El Alami", "given_name_ar": "عمر", "family_name_ar": "العلمي",
    "birth_date": "2001-09-01", "email": "omar@example.org", "phone": "+212612345672",
}  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "differ"),
    [
        ({}, False),
        ({"given_name": "SALMA", "family_name": "ELALAMI"}, False),
        ({"given_name": "El-Alami", "family_name": "Sâlma"}, False),
        ({"family_name": "El Alami Tazi"}, False),
        ({"given_name": "Omar"}, False),  # the Arabic name is hers
        ({"given_name": "Omar", "given_name_ar": ""}, True),
        ({"given_name": "", "family_name": "", "given_name_ar": "عمر"}, True),
        ({"given_name": "", "family_name": "", "given_name_ar": "", "family_name_ar": ""}, False),
    ],
)
def test_names_agree_however_they_are_cut_and_in_either_script(changes: dict[str, str], differ: bool) -> None:
    assert names_differ({**KNOWN, **changes}, KNOWN) is differ
    assert names_differ(KNOWN, {**KNOWN, **changes}) is differ


@pytest.mark.parametrize(
    ("changes", "another"),
    [
        ({}, True),  # a brother, whose family name is hers
        ({"birth_date": "2002-02-26"}, True),  # a twin
        ({"given_name": "Salma"}, False),
        ({"birth_date": None}, True),
        ({"birth_date": None, "phone": "+212612345671"}, True),  # a family's telephone
        ({"birth_date": None, "phone": None, "email": ""}, True),
    ],
)
def test_whoever_is_clearly_called_otherwise_is_another_whatever_else_agrees(
    changes: dict[str, str | None], another: bool
) -> None:
    assert is_another({**OMAR, **changes}, KNOWN) is another
    assert is_another(KNOWN, {**OMAR, **changes}) is another


SELMA = {**KNOWN, "given_name": "Selma", "given_name_ar": "", "email": "", "phone": ""}


@pytest.mark.parametrize(
    ("changes", "another"),
    [
        ({}, False),
        ({"birth_date": "2001-09-01"}, True),
        ({"birth_date": None}, False),
        ({"birth_date": None, "phone": "+212612345672"}, True),
        ({"birth_date": None, "phone": "+212612345671"}, False),
    ],
)
def test_of_names_that_may_be_spellings_of_one_the_birth_date_decides(
    changes: dict[str, str | None], another: bool
) -> None:
    assert is_another({**SELMA, **changes}, KNOWN) is another


@pytest.mark.parametrize(
    ("one", "other", "another"),
    [
        ("Zineb/Alaoui", "Zaynab/El Alaoui", False),
        ("Youssef/Amrani", "Youcef/El Amrani", False),
        ("M./Alaoui", "Mohamed/Alaoui", False),
        ("Abdelkrim/Tazi", "Abd El Krim/Tazy", False),
        ("Khalid/", "Khaled/", False),
        ("Salma/Alami", "Salma/Berrada", False),  # a family name may change
        ("Alami/Selma", "Salma/El Alami", False),  # in each other's column
        ("/Alami", "Salma/Alami", False),
        ("زينب/العلوي", "زينب/علوي", False),
        ("Hamza/Tahiri", "Salma/Tahiri", True),
        ("El Ghali/El Omari", "El Mehdi/El Fassi", True),  # what they share is no name
        ("عمر/العلوي", "زينب/العلوي", True),
        ("Hamza/Tahiri", "Salma/Idrissi", True),
    ],
)
def test_a_spelling_is_no_other_name_and_a_family_name_alone_is_a_relative_s(
    one: str, other: str, another: bool
) -> None:
    def row(name: str) -> dict[str, str]:
        first, family = name.split("/")
        return {"given_name": first, "family_name": family, "birth_date": "2002-02-26"}

    assert is_another(row(one), row(other)) is another
    assert is_another(row(other), row(one)) is another
