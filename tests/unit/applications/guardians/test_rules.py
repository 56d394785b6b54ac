"""A child on a day, the guardian whom a file names, and what the guardian's answers come to."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cohortmgr.applications.file.rules import CONSENT_STATES, HIDDEN, Consent
from cohortmgr.applications.guardians.rules import (
    comes_of_age,
    consent_after,
    consent_of,
    guardian_of,
    guardian_problems,
    is_child,
    is_minor,
    signature_problems,
    takes_paper,
)
from cohortmgr.base.errors import Refused
from cohortmgr.programmes.definition.rules import GuardianTerms
from cohortmgr.programmes.definition.toml import read_definition as read
from cohortmgr.programmes.definition.toml import read_known, write_definition

JUNIOR = read_known("ai-master-junior")
TERMS = JUNIOR.guardians or GuardianTerms(18, ())
NAMED = {"guardian_name": "Amina Alaoui", "guardian_capacity": "mother", "guardian_phone": "+212612000001"}


@pytest.mark.parametrize(
    ("born", "day", "minor"),
    [
        (date(2008, 11, 22), date(2026, 11, 21), True),
        (date(2008, 11, 22), date(2026, 11, 22), False),
        (date(2008, 2, 29), date(2026, 2, 28), True),
        (date(2008, 2, 29), date(2026, 3, 1), False),
    ],
)
def test_a_child_is_one_until_the_birthday(born: date, day: date, minor: bool) -> None:
    assert is_minor(TERMS, born, day) is minor


@given(st.dates(date(1990, 1, 1), date(2026, 1, 1)))
def test_who_comes_of_age_stays_so(born: date) -> None:
    turn = comes_of_age(born, 18)
    assert is_minor(TERMS, born, turn - timedelta(days=1)) and not is_minor(TERMS, born, turn)


def test_nobody_is_asked_where_the_programme_asks_none_or_the_age_is_unknown() -> None:
    assert not is_minor(None, date(2020, 1, 1), date(2026, 1, 1))
    assert not is_minor(TERMS, None, date(2026, 1, 1))
    assert not is_child(read_known("mdia"), {"birth_date": "2015-01-01"}, date(2026, 1, 1))
    assert is_child(JUNIOR, {"birth_date": "2015-01-01"}, date(2026, 1, 1))


def test_a_guardian_has_a_name_a_capacity_and_a_telephone_or_an_address_of_their_own() -> None:
    assert guardian_problems(JUNIOR.form, NAMED) == []
    assert guardian_of(JUNIOR.form, NAMED).contact == ("sms", "+212612000001")
    by_mail = {**NAMED, "guardian_phone": None, "guardian_email": "amina@exemple.ma"}
    assert guardian_problems(JUNIOR.form, by_mail) == []
    assert guardian_of(JUNIOR.form, by_mail).contact == ("email", "amina@exemple.ma")
    for key in NAMED:
        left = {name: value for name, value in NAMED.items() if name != key}
        assert [problem.where for problem in guardian_problems(JUNIOR.form, left)] == [key]


def test_a_guardian_s_telephone_and_address_are_not_the_child_s() -> None:
    """Who answers at the child's own telephone may be the child."""
    form = replace(
        JUNIOR.form,
        sections=(
            *JUNIOR.form.sections,
            replace(
                JUNIOR.form.sections[-1],
                key="child",
                questions=tuple(
                    replace(question, key=f"own_{part}", target=f"person.{part}")
                    for part in ("phone", "email")
                    for question in JUNIOR.form.questions
                    if question.target == f"guardian.{part}"
                ),
            ),
        ),
    )
    both = {**NAMED, "guardian_email": "amina@exemple.ma"}
    own = {"own_phone": "+212612000001", "own_email": "amina@exemple.ma"}
    told = [problem.where for problem in guardian_problems(form, {**both, **own})]
    assert told == ["guardian_phone", "guardian_email"]
    assert (
        guardian_problems(form, {**both, "own_phone": "+212612000002", "own_email": "rim@exemple.ma"}) == []
    )
    assert guardian_problems(form, NAMED) == [], "nothing is not the same as nothing"


def test_answers_come_to_one_word() -> None:
    assert consent_of(TERMS, {}) is Consent.WAITING
    assert consent_of(TERMS, {"photo": True}) is Consent.WAITING
    assert consent_of(TERMS, {"training": True, "photo": False}) is Consent.GIVEN
    assert consent_of(TERMS, {"training": False, "photo": True}) is Consent.WITHDRAWN


@given(st.sampled_from(Consent), st.booleans())
def test_writing_answers_moves_along_the_table_alone(before: Consent, child: bool) -> None:
    after = consent_after(before.value, child)
    assert after is before or CONSENT_STATES.can(before, after)
    assert (after is Consent.NONE) is not child
    assert after is not Consent.GIVEN or before is Consent.GIVEN
    assert set(HIDDEN) == {"waiting", "withdrawn"}


def test_a_definition_s_guardians_are_checked() -> None:
    faulty = replace(JUNIOR, guardians=replace(TERMS, under=0, language="es", purposes=()))
    with pytest.raises(Refused) as refused:
        read(write_definition(faulty), "x.toml")
    told = " ".join(str(problem.where) for problem in refused.value.problems)
    for place in ("guardians.under", "guardians.language", "guardians"):
        assert place in told, place
    with pytest.raises(Refused):
        read(write_definition(replace(JUNIOR, guardians=None)), "x.toml")


@pytest.mark.parametrize(
    ("state", "consent", "through", "takes"),
    [
        ("held", "waiting", [], True),
        ("held", "withdrawn", [], False),
        ("submitted", "given", [], False),
        ("held", "waiting", [None], False),
        ("held", "withdrawn", [None], False),
        ("submitted", "given", ["club"], True),
        ("held", "withdrawn", ["club"], True),
        ("submitted", "given", ["club", None], False),
        ("submitted", "given", ["other"], False),
    ],
)
def test_a_paper_fills_an_absence_and_replaces_nobody_s_word(
    state: str, consent: str, through: list[str | None], takes: bool
) -> None:
    assert takes_paper(state, consent, through, "club") is takes


@pytest.mark.parametrize(
    ("signed_on", "fits"),
    [
        (date(2026, 11, 22), True),
        (date(2025, 11, 21), True),
        (date(2025, 11, 18), False),
        (date(1900, 1, 1), False),
        (date(2026, 11, 23), False),
        (None, False),
    ],
)
def test_a_paper_is_signed_for_this_enrolment(signed_on: date | None, fits: bool) -> None:
    found = signature_problems(signed_on, date(2026, 11, 20), date(2026, 11, 22))
    assert [each.where for each in found] == ([] if fits else ["signed_on"])
