"""Roles are given, lent and ended, and accounts suspended, in pages; each acts on the next request and is told."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask

from cohortmgr.accounts.actions import people
from cohortmgr.accounts.queries import viewers as accounts
from cohortmgr.accounts.roles.actions import grants, suspending
from cohortmgr.accounts.roles.queries import held_roles
from cohortmgr.accounts.rules import SYSTEM, Role
from cohortmgr.accounts.trail.queries import references_like
from cohortmgr.base import clock
from cohortmgr.base.db import writing
from cohortmgr.base.errors import NotFound, NotPermitted, Refused
from cohortmgr.reviews.queries import reviewers_in
from tests.factories.choices import browser, known, sent, someone
from tests.integration.accounts.entering import letters
from tests.integration.accounts.roles.colleagues import acts, grant_of, outside, place, staffed

pytestmark = pytest.mark.usefixtures("system_context")


def test_a_dismissed_colleague_is_out_at_the_next_request(app: Flask, system_app: Flask) -> None:
    intake, admin, lina = staffed()
    desk, hers = browser(app, admin), browser(app, lina)
    assert hers.get("/staff/reviews").status_code == 200
    page = desk.get("/staff/people").text
    assert "lina@inpt.ma" in page
    done = desk.post(f"/staff/people/roles/{grant_of(lina, Role.REVIEWER)}/end", data={"ends_on": ""})
    assert done.status_code == 302
    assert hers.get("/staff/reviews").status_code == 404, "the session is open, the role is not"
    assert not reviewers_in(intake.path)
    [(_message, told)] = letters(system_app, "role_ended")
    assert told["address"] == "lina@inpt.ma" and told["variables"]["by"] == admin.name  # type: ignore[index]
    [(_act, values)] = acts("accounts.end_role")
    assert values and values["after"]["role"] == "reviewer"
    again = desk.post(f"/staff/people/roles/{grant_of(lina, Role.REVIEWER)}/end", data={"ends_on": ""})
    assert again.status_code == 404, "it is over already"
    assert "lina@inpt.ma" not in desk.get("/staff/people").text
    assert "lina@inpt.ma" in desk.get("/staff/people?gone=1").text


@pytest.mark.parametrize("words", ["Alami Lina", "lina ALAMI", "alami inpt.ma", "LÎNA"])
def test_a_colleague_is_found_by_each_word_in_whatever_order(app: Flask, words: str) -> None:
    intake = sent(1)
    admin = someone(intake, Role.PROGRAMME_ADMINISTRATOR, "admin")
    with writing():
        name = {"given_name": "Lina", "family_name": "Alami"}
        account = people.new_account(SYSTEM, "l.a@inpt.ma", "no hash", name)
        people.grant(SYSTEM, account, Role.REVIEWER, "scope", "r", intake.path, [intake.institution_id])
    desk = browser(app, admin)
    assert "l.a@inpt.ma" in desk.get("/staff/people", query_string={"q": words}).text
    assert "l.a@inpt.ma" not in desk.get("/staff/people", query_string={"q": f"{words} zzz"}).text
    auditor = someone(intake, Role.AUDITOR, "audit")
    if "inpt" not in words:
        assert account.reference in references_like(auditor, words)
    assert not references_like(auditor, f"{words} zzz") and not references_like(auditor, "  ")


def test_a_role_ends_after_a_day_that_still_counts(app: Flask) -> None:
    _intake, admin, lina = staffed()
    today = clock.today()
    reference, last = grant_of(lina, Role.REVIEWER), today + timedelta(days=2)
    with writing():
        grants.end(admin, reference, last)
    assert known("lina@inpt.ma").roles == {Role.REVIEWER}
    with clock.at(clock.instant(last, 23, 59)):
        assert known("lina@inpt.ma").roles == {Role.REVIEWER}
    with clock.at(clock.instant(last + timedelta(days=1))):
        assert known("lina@inpt.ma").roles == frozenset()
    with pytest.raises(Refused, match="passé"), writing():
        grants.end(admin, reference, today - timedelta(days=1))


def test_a_suspended_account_is_closed_everywhere_and_opens_again(app: Flask, system_app: Flask) -> None:
    intake, admin, lina = staffed()
    desk, hers = browser(app, admin), browser(app, lina)
    assert hers.get("/staff/reviews").status_code == 200
    assert desk.post(f"/staff/people/{lina.reference}/suspend").status_code == 302
    assert "/sign-in" in hers.get("/staff/reviews").location
    assert not reviewers_in(intake.path), "no reading is given to who cannot enter"
    assert "suspendu" in desk.get(f"/staff/people/{lina.reference}").text
    assert desk.post(f"/staff/people/{lina.reference}/suspend").status_code == 302  # a second click
    assert len(acts("accounts.suspend")) == 1
    assert desk.post(f"/staff/people/{lina.reference}/reopen").status_code == 302
    assert "/sign-in" in hers.get("/staff/reviews").location, "the old session stays closed"
    assert browser(app, lina).get("/staff/reviews").status_code == 200
    keys = ("account_suspended", "account_reopened")
    assert [len(letters(system_app, key)) for key in keys] == [1, 1]


def test_sessions_end_and_their_person_enters_again(app: Flask, system_app: Flask) -> None:
    _intake, admin, lina = staffed()
    hers = browser(app, lina)
    assert browser(app, admin).post(f"/staff/people/{lina.reference}/sign-out").status_code == 302
    assert "/sign-in" in hers.get("/staff/reviews").location
    assert browser(app, lina).get("/staff/reviews").status_code == 200
    assert len(letters(system_app, "devices_signed_out")) == 1


def test_a_deputy_holds_the_role_between_two_days_and_stops_alone(app: Flask, system_app: Flask) -> None:
    intake, admin, lina = staffed()
    omar = someone(intake, Role.TRAINER, "omar")
    first, last = clock.today() + timedelta(days=1), clock.today() + timedelta(days=3)
    address = f"/staff/people/roles/{grant_of(lina, Role.REVIEWER)}/deputy"
    desk = browser(app, admin)
    shown = desk.get(address).text
    assert "omar" in shown and shown.count("(facultatif)") == 1, "the first day alone may be left out"
    sent = {"deputy": omar.reference, "begins_on": first.isoformat()}
    assert "dernier jour" in desk.post(address, data=sent).text
    assert desk.post(address, data={**sent, "ends_on": last.isoformat()}).status_code == 302
    assert known("omar@inpt.ma").roles == {Role.TRAINER}
    for day, holds in ((first, True), (last, True), (last + timedelta(days=1), False)):
        with clock.at(clock.instant(day, 12)):
            assert (Role.REVIEWER in known("omar@inpt.ma").roles) is holds, day
    [(_act, values)] = acts("accounts.deputise")
    assert values and values["after"]["stands_for"] == lina.reference
    assert len(letters(system_app, "role_given")) == 1
    [(_message, told)] = letters(system_app, "role_lent")
    assert told["address"] == "lina@inpt.ma" and told["variables"]["deputy"] == "Une omar"  # type: ignore[index]
    assert "Une lina" in desk.get(f"/staff/people/{omar.reference}").text


def test_a_role_ended_before_its_last_day_says_when_it_ended(app: Flask) -> None:
    _intake, admin, lina = staffed()
    today = clock.today()
    with writing():
        grants.end(admin, grant_of(lina, Role.REVIEWER), today + timedelta(days=7))
    with writing():
        grants.end(admin, grant_of(lina, Role.REVIEWER), None)
    [role] = held_roles.colleague_for(admin, lina.reference).roles
    assert role.ends_on == today, "and not the day at which it would have ended"


def test_a_role_is_given_once_and_again_when_it_is_over(app: Flask) -> None:
    _intake, admin, lina = staffed()
    spot = place(admin, ".mdia.")
    wanted = {"role": "observer", "scope": spot.reference}
    desk = browser(app, admin)
    assert desk.post(f"/staff/people/{lina.reference}/give", data=wanted).status_code == 302
    assert known("lina@inpt.ma").roles == {Role.REVIEWER, Role.OBSERVER}
    assert "a déjà ce rôle" in desk.post(f"/staff/people/{lina.reference}/give", data=wanted).text
    with writing():
        grants.end(admin, grant_of(lina, Role.OBSERVER), None)
    assert desk.post(f"/staff/people/{lina.reference}/give", data=wanted).status_code == 302
    assert known("lina@inpt.ma").roles == {Role.REVIEWER, Role.OBSERVER}


def test_an_administrator_sees_and_ends_only_what_is_in_her_scope(app: Flask) -> None:
    intake, admin, lina = staffed()
    nadia = outside(intake, Role.REVIEWER, "nadia")
    chief = someone(intake, Role.SYSTEM_ADMINISTRATOR, "chief")
    auditor = someone(intake, Role.AUDITOR, "auditor")
    page = browser(app, admin).get("/staff/people").text
    assert "nadia@inpt.ma" not in page and "lina@inpt.ma" in page
    desk = browser(app, admin)
    assert desk.get(f"/staff/people/{nadia.reference}").status_code == 404
    for viewer, role in ((nadia, Role.REVIEWER), (chief, Role.SYSTEM_ADMINISTRATOR), (auditor, Role.AUDITOR)):
        assert desk.post(f"/staff/people/roles/{grant_of(viewer, role)}/end", data={}).status_code == 404
        with pytest.raises(NotFound), writing():
            grants.end(admin, grant_of(viewer, role), None)
        with pytest.raises(NotFound), writing():
            suspending.suspend(admin, viewer.reference)
    assert [each.name for each in held_roles.colleagues(lina)] == []


def test_an_account_with_roles_elsewhere_is_not_hers_to_close(app: Flask) -> None:
    intake, admin, lina = staffed()
    with writing():
        account = accounts.account_by_email("lina@inpt.ma")
        assert account is not None
        other = [intake.institution_id + 900]
        people.grant(SYSTEM, account, Role.REVIEWER, "organisation", "ma.b.", "ma.b.", other)
    desk = browser(app, admin)
    assert "ma.b." not in desk.get(f"/staff/people/{lina.reference}").text
    for act in ("suspend", "reopen", "sign-out"):
        assert desk.post(f"/staff/people/{lina.reference}/{act}").status_code == 404
    with writing():
        grants.end(admin, grant_of(lina, Role.REVIEWER, intake.path), None)
    assert [grant.path for grant in known("lina@inpt.ma").grants] == ["ma.b."]


def test_nobody_changes_their_own_roles_or_closes_their_own_account(app: Flask) -> None:
    _intake, admin, _lina = staffed()
    desk = browser(app, admin)
    assert "C’est vous" in desk.get(f"/staff/people/{admin.reference}").text
    assert (
        desk.post(
            f"/staff/people/roles/{grant_of(admin, Role.PROGRAMME_ADMINISTRATOR)}/end", data={}
        ).status_code
        == 404
    )
    for act in (suspending.suspend, suspending.sign_out, suspending.reopen):
        with pytest.raises(Refused, match="propres"), writing():
            act(admin, admin.reference)
    with pytest.raises(Refused, match="propres"), writing():
        grants.end(admin, grant_of(admin, Role.PROGRAMME_ADMINISTRATOR), None)
    wish = grants.wish_of(admin, Role.FINANCE, place(admin, ".mdia.").reference, None, None)
    with pytest.raises(Refused, match="propres"), writing():
        grants.give(admin, admin.reference, wish)


def test_a_role_is_given_where_the_table_allows_it_and_nowhere_else() -> None:
    intake, admin, lina = staffed()
    spot = place(admin, ".mdia.")
    with pytest.raises(NotPermitted):
        grants.wish_of(admin, Role.AUDITOR, spot.reference, None, None)
    with pytest.raises(Refused, match="Choisissez où"):
        grants.wish_of(admin, Role.REVIEWER, "W" * 26, None, None)
    with pytest.raises(Refused, match="entreprise"):
        grants.wish_of(admin, Role.COMPANY_CONTACT, spot.reference, None, None)
    company = place(admin, "attijariwafa-bank.")
    assert company.is_company and company.institutions == (intake.institution_id,)
    with pytest.raises(Refused, match="entreprise"):
        grants.wish_of(admin, Role.TUTOR, spot.reference, None, None)
    with pytest.raises(Refused, match="Choisissez où"):
        grants.wish_of(lina, Role.OBSERVER, spot.reference, None, None)
