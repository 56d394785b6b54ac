"""What is asked beyond what there is, conditions on rankings, calendars a year off, and names that are near."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from cohortmgr.base.errors import Refused
from cohortmgr.programmes.definition.toml import DEFINITIONS, read_definition

TEXT = (DEFINITIONS / "jobintech.toml").read_text("utf-8")
MDIA = (DEFINITIONS / "mdia.toml").read_text("utf-8")


def _wishes(maximum: str) -> Callable[[str], str]:
    return lambda text: text.replace("minimum = 1\nmaximum = 3\ncolumns", f"{maximum}\ncolumns")


def told(text: str) -> list[str]:
    with pytest.raises(Refused) as refused:
        read_definition(text, "x.toml")
    return [f"{each.where} {each.what % dict(each.values)}" for each in refused.value.problems]


def _offering(number: int) -> str:
    """JobInTech with its first so many offerings."""
    head, *each = TEXT.split("[[intakes.offerings]]\n")
    end = each[-1][each[-1].index("[[form.sections]]") :]
    kept = [one.partition("[[form.sections]]")[0] for one in each[:number]]
    return "[[intakes.offerings]]\n".join([head, *kept]) + end


def test_a_ranking_asks_for_no_more_than_its_intakes_offer() -> None:
    read_definition(_offering(3), "x.toml")
    (found,) = told(_offering(2))
    assert "form.sections[4].questions[1].maximum" in found and "3 est trop" in found and "2" in found
    assert len(told(_wishes("minimum = 3\nmaximum = 3")(_offering(2)))) == 2


def test_wishes_are_no_more_than_the_partners() -> None:
    (found,) = told(MDIA.replace("wishes_max = 4", "wishes_max = 5"))
    assert "placement.wishes_max" in found and "4" in found


@pytest.mark.parametrize("condition", ["eligibility", "show_when"])
def test_a_condition_on_a_ranking_knows_the_keys_of_the_offerings(condition: str) -> None:
    rule = (
        '\n[[eligibility]]\nkey = "town"\noperator = "one_of"\nquestion = "wishes"\nvalues = ["KEY"]\n'
        'reason = { fr = "a", ar = "ا", en = "a" }\nadvice = { fr = "a", ar = "ا", en = "a" }\n\n[rubric]'
    )
    old = '[{ question = "situation", operator = "none_of", values = ["salarie"] }]'
    new = '[{ question = "wishes", operator = "one_of", values = ["KEY"] }]'
    changed = TEXT.replace("\n[rubric]", rule) if condition == "eligibility" else TEXT.replace(old, new)
    assert changed != TEXT
    read_definition(changed.replace("KEY", "sap-casablanca"), "x.toml")
    (found,) = told(changed.replace("KEY", "Oujda"))
    assert "Oujda" in found and "fullstack-fes" in found and "values[1]" in found


def test_a_calendar_or_a_stipend_a_year_off_is_told() -> None:
    (found,) = told(TEXT.replace("[calendar]\nstarts_on = 2027-02-15", "[calendar]\nstarts_on = 2026-02-15"))
    assert "calendar.starts_on" in found and "2027-02-15" in found
    for month in ("2025-01-01", "2028-01-01"):
        (found,) = told(MDIA.replace("starts_month = 2026-01-01", f"starts_month = {month}"))
        assert "stipend.starts_month" in found


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("titel", "title"),
        ("descripton", "description"),
        ("interviews", ""),
        ("selecton", "selection"),
        ("threshold_percent", ""),
        ("place", "placement"),
    ],
)
def test_near_names_are_suggested_and_the_fields_are_always_listed(name: str, near: str) -> None:
    (found,) = told(f'{name} = "x"\n{TEXT}')
    assert "Champs possibles : " in found and "practical" in found
    assert (f"Vouliez-vous dire « {near} »" in found) is bool(near)
    assert near or "Vouliez-vous" not in found


def test_a_test_that_does_not_exist_lists_those_that_do() -> None:
    (found,) = told(TEXT.replace('operator = "age_at_most"', 'operator = "age_between"'))
    assert "age_at_least" in found and "not_enrolled" in found and "Vouliez-vous" not in found
