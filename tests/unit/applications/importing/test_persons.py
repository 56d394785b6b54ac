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
        ({"birth_date": "2002-02-26"}, False),
        ({"given_name": "Salma"}, False),
        ({"birth_date": None}, True),  # nothing else is hers
        ({"birth_date": None, "phone": "+212612345671"}, False),
        ({"birth_date": None, "phone": None, "email": ""}, False),
    ],
)
def test_two_people_are_those_whose_name_and_birth_date_both_differ(
    changes: dict[str, str | None], another: bool
) -> None:
    assert is_another({**OMAR, **changes}, KNOWN) is another
    assert is_another(KNOWN, {**OMAR, **changes}) is another
