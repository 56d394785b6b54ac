"""Seats, companies and stipend as their pages send them: the draft holds numbers, and nothing in force goes."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from cohortmgr.programmes.definition.toml import as_json, judged, read_known
from cohortmgr.programmes.drafts import partner_fields, seat_fields, stipend_fields, text_fields
from cohortmgr.programmes.drafts.figures import amount, month, shown_amount, shown_month
from cohortmgr.programmes.drafts.question_fields import Typed

MDIA = as_json(read_known("mdia"))


def posted(**given: str) -> dict[str, list[str]]:
    return {name: [each] for name, each in given.items()}


def texts(name: str, said: str = "Deux") -> dict[str, str]:
    return {f"{name}-fr": said, f"{name}-ar": "اثنان", f"{name}-en": "Two"}


def seats_page(document: dict[str, Any]) -> dict[str, str]:
    """What the page of seats sends of a document that nobody changed."""
    given = {}
    for place, intake in enumerate(document["intakes"]):
        rows = f"intakes-{place}-offerings"
        given[f"intakes-{place}-key"] = intake["key"]
        given[f"{rows}-count"] = str(len(intake["offerings"]))
        for number, row in enumerate(intake["offerings"]):
            here = f"{rows}-{number}"
            given |= {f"{here}-key": row["key"], f"{here}-seats": str(row["seats"])}
            given |= {f"{here}-title-{code}": said for code, said in row["title"].items()}
            given |= {f"{here}-place-{code}": said for code, said in row["place"].items()}
    return given


def held_key() -> str:
    return str(MDIA["intakes"][0]["offerings"][0]["key"])


@pytest.mark.parametrize(
    ("said", "wrong"),
    [("35", False), ("٣٥", False), ("11", True), ("0", True), ("", True), ("trente", True), ("9999", True)],
)
def test_seats_are_whole_and_never_fewer_than_are_taken(said: str, wrong: bool) -> None:
    given = {**seats_page(MDIA), "intakes-0-offerings-0-seats": said}
    typed = seat_fields.read_seats(posted(**given), MDIA, {"2025": {held_key(): 12}})
    assert [each.where for each in typed.problems] == (["intakes-0-offerings-0-seats"] if wrong else [])
    if not wrong:
        assert typed.table["intakes"][0]["offerings"][0]["seats"] == 35


def test_what_nobody_changed_stays_itself() -> None:
    document = copy.deepcopy(MDIA)
    seat_fields.put_seats(document, seat_fields.read_seats(posted(**seats_page(MDIA)), MDIA, {}).table)
    assert document == MDIA


def test_a_choice_in_force_stays_however_the_page_is_sent() -> None:
    key = held_key()
    for given in (
        {**seats_page(MDIA), "intakes-0-offerings-remove": "0"},
        {**seats_page(MDIA), "intakes-0-offerings-count": "0"},
    ):
        kept = seat_fields.read_seats(posted(**given), MDIA, {"2025": {key: 0}}).table["intakes"][0]
        gone = seat_fields.read_seats(posted(**given), MDIA, {}).table["intakes"][0]
        assert [row["key"] for row in kept["offerings"]] == [key]
        assert gone["offerings"] == []


def test_seats_are_those_of_the_campaign_with_the_key_and_not_of_the_one_in_its_place() -> None:
    given = {**seats_page(MDIA), "intakes-0-offerings-0-seats": "77"}
    first, second = (copy.deepcopy(each) for each in MDIA["intakes"][:2])
    another = {**copy.deepcopy(second), "key": "ajoutee"}
    moved = {**MDIA, "intakes": [another, second, first]}
    typed = seat_fields.read_seats(posted(**given), moved, {})
    assert [each["offerings"][0]["seats"] for each in typed.table["intakes"]] == [
        another["offerings"][0]["seats"],
        second["offerings"][0]["seats"],
        77,
    ]
    assert [each["key"] for each in typed.table["intakes"]] == ["ajoutee", second["key"], first["key"]]
    assert not typed.problems


@pytest.mark.parametrize("button", [{}, {"intakes-1-offerings-add": "1"}])
def test_a_campaign_that_is_gone_is_told_and_its_seats_land_in_no_other(button: dict[str, str]) -> None:
    given = {**seats_page(MDIA), "intakes-0-offerings-0-seats": "77", **button}
    left = {**MDIA, "intakes": MDIA["intakes"][1:]}
    typed = seat_fields.read_seats(posted(**given), left, {})
    assert [each.values for each in typed.problems] == [{"key": MDIA["intakes"][0]["key"]}]
    (only,) = typed.table["intakes"]
    assert only["offerings"][0]["seats"] == MDIA["intakes"][1]["offerings"][0]["seats"]
    assert len(only["offerings"]) == (2 if button else 1)


def test_a_new_choice_gets_a_key_and_belongs_to_its_campaign() -> None:
    row = "intakes-1-offerings-1"
    more = {
        "intakes-1-offerings-count": "2",
        f"{row}-seats": "5",
        **texts(f"{row}-title"),
        **texts(f"{row}-place"),
    }
    found = seat_fields.read_seats(posted(**{**seats_page(MDIA), **more}), MDIA, {})
    document = copy.deepcopy(MDIA)
    seat_fields.put_seats(document, found.table)
    assert [len(each["offerings"]) for each in document["intakes"]] == [1, 2]
    assert document["intakes"][1]["offerings"][1]["key"] == "deux"
    assert judged(document).definition is not None


def test_a_button_of_one_campaign_adds_to_it_alone() -> None:
    given = {**seats_page(MDIA), "intakes-1-offerings-add": "1"}
    found = seat_fields.read_seats(posted(**given), MDIA, {})
    assert [len(each["offerings"]) for each in found.table["intakes"]] == [1, 2]
    assert found.act and not found.problems


@pytest.mark.parametrize(
    ("said", "cents"),
    [
        ("4000", 400_000), ("4 000,50", 400_050), ("3636.36", 363_636), ("4 000 MAD", 400_000),
        ("٤٠٠٠", 400_000), ("", None), ("0", None), ("-5", None), ("4000,555", None), ("beaucoup", None),
        ("1e9", None), ("NaN", None), ("200000", None),
    ],
)  # fmt: skip
def test_an_amount_is_whole_centimes(said: str, cents: int | None) -> None:
    typed = Typed({})
    found = amount(typed, posted(sum=said), "sum")
    assert (found, bool(typed.problems)) == ((said, True) if cents is None else (cents, False))
    if cents is not None:
        assert amount(Typed({}), posted(sum=shown_amount(cents)), "sum") == cents, "shown as it is typed"


@pytest.mark.parametrize(
    ("said", "first"),
    [
        ("2027-01", "2027-01-01"), ("01/2027", "2027-01-01"), ("1/2027", "2027-01-01"), ("2027/9", "2027-09-01"),
        ("2027-13", None), ("janvier", None), ("", None), ("2027", None),
    ],
)  # fmt: skip
def test_a_month_is_its_first_day(said: str, first: str | None) -> None:
    typed = Typed({})
    found = month(typed, posted(of=said), "of")
    assert (found, bool(typed.problems)) == ((said, True) if first is None else (first, False))
    if first:
        assert month(Typed({}), posted(of=shown_month(first)), "of") == first


def stipend_page(**more: str) -> dict[str, list[str]]:
    held = MDIA["stipend"]
    given = {
        "monthly_cents": shown_amount(held["monthly_cents"]), "starts_month": shown_month(held["starts_month"]),
        "months": str(held["months"]), "working_days_basis": str(held["working_days_basis"]),
        "absence_rule": held["absence_rule"], "payer": held["payer"], "arrears": "1",
    }  # fmt: skip
    given |= {f"title-{code}": said for code, said in held["title"].items()}
    return posted(**{**given, **more})


def test_a_stipend_that_nobody_changed_stays_itself_and_one_without_arrears_is_sound() -> None:
    assert stipend_fields.read_stipend(stipend_page(), MDIA).table == MDIA["stipend"]
    later = stipend_page()
    later.pop("arrears")
    document = copy.deepcopy(MDIA)
    stipend_fields.put_stipend(document, stipend_fields.read_stipend(later, MDIA).table)
    assert document["stipend"]["arrears"] is False and judged(document).sound


def test_a_first_stipend_begins_with_the_training_and_asks_for_its_amount() -> None:
    document = copy.deepcopy(MDIA)
    stipend_fields.forget(document)
    begun = stipend_fields.stipend_of(document)
    assert (begun["starts_month"], begun["monthly_cents"]) == ("2025-09-01", "")
    wrong = stipend_fields.read_stipend(stipend_page(monthly_cents="", months="0"), document)
    assert {each.where for each in wrong.problems} == {"monthly_cents", "months"}
    stipend_fields.put_stipend(document, stipend_fields.read_stipend(stipend_page(), document).table)
    assert judged(document).sound


def partners_page(**more: str) -> dict[str, list[str]]:
    given = {"partners-count": str(len(MDIA["partners"]))}
    for place, row in enumerate(MDIA["partners"]):
        given |= {f"partners-{place}-key": row["key"], f"partners-{place}-seats": str(row["seats"])}
        given |= {f"partners-{place}-name-{code}": said for code, said in row["name"].items()}
    scale = ("wishes_max", "company_score_min", "company_score_max")
    given |= {f"placement-{name}": str(MDIA["placement"][name]) for name in scale}
    return posted(**{**given, **more})


def new_company(name: str) -> dict[str, str]:
    place = len(MDIA["partners"])
    return {
        "partners-count": str(place + 1), f"partners-{place}-seats": "3", **texts(f"partners-{place}-name", name)
    }  # fmt: skip


def test_companies_that_nobody_changed_stay_themselves_and_no_wishes_end_placement() -> None:
    document = copy.deepcopy(MDIA)
    partner_fields.put_partners(document, partner_fields.read_partners(partners_page(), MDIA).table)
    assert document == MDIA
    none = {"placement-wishes_max": "", "placement-company_score_max": ""}
    typed = partner_fields.read_partners(partners_page(**none), MDIA)
    partner_fields.put_partners(document, typed.table)
    assert "placement" not in document and not typed.problems


@pytest.mark.parametrize(
    ("name", "same", "taken", "key"),
    [
        ("Office Chérifien", {}, (), "office-cherifien"),
        ("Office Chérifien", {}, ("office-cherifien",), "office-cherifien-2"),
        ("Office Chérifien", {"Office Chérifien": "ocp"}, ("office-cherifien",), "ocp"),
    ],
)
def test_a_new_company_has_its_organisation_s_key_or_a_free_one_with_hyphens(
    name: str, same: dict[str, str], taken: tuple[str, ...], key: str
) -> None:
    typed = partner_fields.read_partners(partners_page(**new_company(name)), MDIA)
    assert not typed.problems
    partner_fields.settle_keys(typed.table, MDIA, same, taken)
    assert [row["key"] for row in typed.table["partners"]] == [*(row["key"] for row in MDIA["partners"]), key]


def test_a_company_that_is_there_already_is_not_taken_twice() -> None:
    first = MDIA["partners"][0]
    typed = partner_fields.read_partners(partners_page(**new_company("Jumelle")), MDIA)
    partner_fields.settle_keys(typed.table, MDIA, {"Jumelle": first["key"]}, [first["key"]])
    keys = [row["key"] for row in typed.table["partners"]]
    assert len(set(keys)) == len(keys) and keys[-1] == "jumelle"


def test_phases_are_read_where_the_page_shows_them_alone() -> None:
    assert text_fields.read_texts(posted(), MDIA).table["stages"] == MDIA["stages"]
    shown = {"stages-shown": "1", "stages-training": "1", "stages-application": "1"}
    assert text_fields.read_texts(posted(**shown), MDIA).table["stages"] == ["application", "training"]
