"""A role waits for its person to prove an address or a number by the link that went there."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from cohortmgr.accounts.actions import people
from cohortmgr.accounts.contacts import Contact
from cohortmgr.accounts.limits import INVITATIONS_PER_ADDRESS, INVITE_AGAIN
from cohortmgr.accounts.models import Account, Person
from cohortmgr.accounts.queries import viewers as accounts
from cohortmgr.accounts.roles.actions import grants, invitations, suspending
from cohortmgr.accounts.roles.models import Invitation
from cohortmgr.accounts.roles.queries import invitations as roles_invitations
from cohortmgr.accounts.roles.queries.invitations import Invitee
from cohortmgr.accounts.rules import SYSTEM, Role, Viewer
from cohortmgr.audit.actions import destroy_key
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.base.errors import NotFound, Refused
from tests.factories.choices import browser, known, someone
from tests.integration.accounts.entering import letters
from tests.integration.accounts.roles.colleagues import acts, grant_of, outside, place, staffed
from tests.watch import SeparateClient, rows_of

pytestmark = pytest.mark.usefixtures("system_context")
EMAIL = "nora@inpt.ma"
NAMED = {"given_name": "Nora", "family_name": "Alaoui"}


def stranger(app: Flask) -> FlaskClient:
    app.config["WTF_CSRF_ENABLED"] = False
    app.test_client_class = SeparateClient
    return app.test_client()


def invite(app: Flask, admin: Viewer, email: str = EMAIL, **fields: str) -> str:
    sent = {
        "email": email,
        "role": "reviewer",
        "scope": place(admin, ".mdia.").reference,
        "spoken": "fr",
        **fields,
    }
    return browser(app, admin).post("/staff/people/invite", data=sent).get_data(as_text=True)


def token(system_app: Flask) -> str:
    variables = letters(system_app, "role_invitation")[-1][1]["variables"]
    assert isinstance(variables, dict)
    return str(variables["token"])


def test_the_role_holds_once_the_link_was_accepted_and_not_before(app: Flask, system_app: Flask) -> None:
    _intake, admin, _lina = staffed()
    invite(app, admin)
    assert accounts.account_by_email(EMAIL) is None
    link, visitor = f"/invitations/{token(system_app)}", stranger(app)
    for _scanner in range(2):
        page = visitor.get(link)
        assert page.status_code == 200 and "Évaluateur·rice" in page.text and admin.name in page.text
    assert accounts.account_by_email(EMAIL) is None, "mail scanners open links"
    entered = visitor.post(link, data=NAMED)
    assert entered.status_code == 302 and entered.location.startswith("/staff")
    assert visitor.get("/staff/reviews").status_code == 200
    nora = known(EMAIL)
    assert nora.name == "Nora Alaoui" and nora.roles == {Role.REVIEWER}
    for again in (visitor.get(link), visitor.post(link, data=NAMED)):
        assert again.location == entered.location, "whoever is in need not ask for another"
    assert browser(app, admin).get(link).status_code == 410
    served = stranger(app).post(link, data=NAMED)
    assert served.status_code == 410, "it serves once"
    assert "Demandez un nouveau lien" in served.text and "/renew" not in served.text, (
        "its inviter gives another"
    )
    account = accounts.account_by_email(EMAIL)
    assert account is not None and account.proved_at is not None
    done = [name for name, _values in acts("accounts.invite", "accounts.accept_invitation", "accounts.grant")]
    assert done[-3:] == ["accounts.invite", "accounts.accept_invitation", "accounts.grant"]
    assert letters(system_app, "role_given")[-1][1]["address"] == EMAIL


def test_somebody_who_has_an_account_gets_the_role_in_it(app: Flask, system_app: Flask) -> None:
    _intake, admin, _lina = staffed()
    candidate = known("c1@exemple.ma")
    before = rows_of(Person), rows_of(Account)
    invite(app, admin, "C1@exemple.ma", role="observer")
    assert stranger(app).post(f"/invitations/{token(system_app)}", data=NAMED).status_code == 302
    assert known("c1@exemple.ma").reference == candidate.reference
    assert known("c1@exemple.ma").roles == {Role.OBSERVER}
    assert (rows_of(Person), rows_of(Account)) == before
    assert known("c1@exemple.ma").name == candidate.name or not candidate.name


def test_a_number_is_invited_by_a_short_message(app: Flask, system_app: Flask) -> None:
    _intake, admin, _lina = staffed()
    invite(app, admin, "06 12 34 56 78", spoken="ar")
    message, _content = letters(system_app, "role_invitation")[-1]
    assert (message.channel, message.language) == ("sms", "ar")
    assert stranger(app).post(f"/invitations/{token(system_app)}", data=NAMED).status_code == 302
    account = accounts.account_by_contact(Contact("sms", "+212612345678"))
    assert account is not None
    viewer = accounts.viewer_of_account(account.reference)
    assert viewer is not None and viewer.roles == {Role.REVIEWER}
    assert letters(system_app, "role_given")[-1][0].channel == "sms"


@pytest.mark.parametrize("number", ["+33612345678", "+2126123", "05 37 11 22 33"])
def test_a_number_that_no_sms_reaches_is_told_and_nothing_is_sent(
    app: Flask, system_app: Flask, number: str
) -> None:
    _intake, admin, lina = staffed()
    page = invite(app, admin, number)
    assert "error-summary" in page and number in page, "what was typed stays"
    held = grant_of(lina, Role.REVIEWER)
    replaced = browser(app, admin).post(
        f"/staff/people/roles/{held}/replace", data={"email": number, "spoken": "fr"}
    )
    assert "error-summary" in replaced.text
    assert letters(system_app, "role_invitation") == [] and rows_of(Invitation) == 0


@pytest.mark.parametrize("contact", ["06 12 34 56 78", EMAIL])
def test_an_invitation_does_not_ring_all_day(app: Flask, system_app: Flask, contact: str) -> None:
    _intake, admin, _lina = staffed()
    invite(app, admin, contact)
    [waiting] = roles_invitations.open_invitations(admin)
    desk, again = browser(app, admin), f"/staff/people/invitations/{waiting.reference}/again"
    for _ in range(5):
        assert "vient de partir" in desk.post(again, follow_redirects=True).text
    assert len(letters(system_app, "role_invitation")) == 1
    for number in range(1, 12):
        with clock.at(clock.now() + INVITE_AGAIN * number):
            said = desk.post(again, follow_redirects=True).text
    assert "aujourd’hui" in said, "called off and invited anew, it is the same address"
    assert len(letters(system_app, "role_invitation")) == INVITATIONS_PER_ADDRESS
    desk.post(f"/staff/people/invitations/{waiting.reference}/call-off")
    assert "aujourd’hui" in invite(app, admin, contact)
    assert len(letters(system_app, "role_invitation")) == INVITATIONS_PER_ADDRESS


def test_the_page_says_the_same_for_known_and_unknown(app: Flask) -> None:
    _intake, admin, _lina = staffed()
    first, second = (invite(app, admin, email) for email in ("c1@exemple.ma", "personne@exemple.ma"))
    assert first == second


def test_an_invitation_lapses_is_sent_again_and_called_off(app: Flask, system_app: Flask) -> None:
    _intake, admin, _lina = staffed()
    invite(app, admin)
    first = token(system_app)
    with clock.at(clock.now() + timedelta(days=8)):
        assert stranger(app).get(f"/invitations/{first}").status_code == 410
        [waiting] = roles_invitations.open_invitations(admin)
        assert waiting.state == "lapsed"
        desk = browser(app, admin)
        assert desk.post(f"/staff/people/invitations/{waiting.reference}/again").status_code == 302
        assert stranger(app).get(f"/invitations/{first}").status_code == 410
        assert stranger(app).get(f"/invitations/{token(system_app)}").status_code == 200
        assert desk.post(f"/staff/people/invitations/{waiting.reference}/call-off").status_code == 302
        assert stranger(app).get(f"/invitations/{token(system_app)}").status_code == 410
    assert roles_invitations.open_invitations(admin) == []
    assert "attend déjà" not in invite(app, admin)
    assert "attend déjà" in invite(app, admin)


def test_what_somebody_sent_before_they_left_opens_nothing(app: Flask, system_app: Flask) -> None:
    intake, admin, _lina = staffed()
    chief = someone(intake, Role.SYSTEM_ADMINISTRATOR, "chief")
    with writing():
        row = accounts.account_by_email("chief@inpt.ma")
        assert row is not None
        people.grant(
            SYSTEM,
            row,
            Role.SYSTEM_ADMINISTRATOR,
            "installation",
            "installation",
            "",
            [intake.institution_id],
        )
    invite(app, admin)
    chief = known("chief@inpt.ma")
    with writing():
        suspending.suspend(chief, admin.reference)
    link = f"/invitations/{token(system_app)}"
    assert stranger(app).post(link, data=NAMED).status_code == 410
    assert accounts.account_by_email(EMAIL) is None
    with writing():
        suspending.reopen(chief, admin.reference)
        grants.end(chief, grant_of(admin, Role.PROGRAMME_ADMINISTRATOR), None)
    assert stranger(app).post(link, data=NAMED).status_code == 410
    assert accounts.account_by_email(EMAIL) is None


def test_a_suspended_person_does_not_come_back_by_an_invitation(app: Flask, system_app: Flask) -> None:
    _intake, admin, lina = staffed()
    with writing():
        suspending.suspend(admin, lina.reference)
    invite(app, admin, "lina@inpt.ma", role="observer")
    page = stranger(app).post(f"/invitations/{token(system_app)}", data=NAMED)
    assert "fermé" in page.text
    assert known("lina@inpt.ma").roles == {Role.REVIEWER}


def test_a_company_s_contact_is_replaced_when_the_other_accepts(app: Flask, system_app: Flask) -> None:
    _intake, admin, _lina = staffed()
    company = place(admin, "attijariwafa-bank.")
    invite(app, admin, "ancien@banque.ma", role="company_contact", scope=company.reference)
    assert stranger(app).post(f"/invitations/{token(system_app)}", data=NAMED).status_code == 302
    old = known("ancien@banque.ma")
    desk = browser(app, admin)
    address = f"/staff/people/roles/{grant_of(old, Role.COMPANY_CONTACT)}/replace"
    assert desk.get(address).status_code == 200
    assert desk.post(address, data={"email": "neuf@banque.ma", "spoken": "fr"}).status_code == 302
    assert known("ancien@banque.ma").roles == {Role.COMPANY_CONTACT}, "until the other has accepted"
    waiting = desk.get("/staff/people").text
    assert "neuf@banque.ma" in waiting and f"À la place de <bdi>{old.name}" in waiting
    visitor = stranger(app)
    assert visitor.post(f"/invitations/{token(system_app)}", data=NAMED).location.startswith("/company")
    assert known("neuf@banque.ma").roles == {Role.COMPANY_CONTACT}
    assert known("ancien@banque.ma").roles == frozenset()
    assert letters(system_app, "role_ended")[-1][1]["address"] == "ancien@banque.ma"


def test_an_invitation_of_another_institution_is_not_hers(app: Flask) -> None:
    intake, admin, _lina = staffed()
    other = outside(intake, Role.PROGRAMME_ADMINISTRATOR, "autre")
    invite(app, admin)
    [row] = db.session.query(Invitation).all()
    reference = row.reference
    assert EMAIL in browser(app, admin).get("/staff/people").text
    assert EMAIL not in browser(app, other).get("/staff/people").text
    for act in ("again", "call-off"):
        gone = browser(app, other).post(f"/staff/people/invitations/{reference}/{act}")
        assert gone.status_code == 404
        with pytest.raises(NotFound), writing():
            invitations.call_off(other, reference)


def test_an_invitation_whose_last_day_is_past_gives_nothing(app: Flask, system_app: Flask) -> None:
    _intake, admin, _lina = staffed()
    last = clock.today() + timedelta(days=1)
    invite(app, admin, ends_on=last.isoformat())
    link, visitor = f"/invitations/{token(system_app)}", stranger(app)
    with clock.at(clock.instant(last, 12)):
        assert visitor.get(link).status_code == 200
    with clock.at(clock.instant(last + timedelta(days=2), 12)):
        for answer in (visitor.get(link), visitor.post(link, data=NAMED)):
            assert answer.status_code == 410 and "devait finir" in answer.text
        assert accounts.account_by_email(EMAIL) is None
        [waiting] = roles_invitations.open_invitations(admin)
        again = browser(app, admin).post(
            f"/staff/people/invitations/{waiting.reference}/again", follow_redirects=True
        )
        assert "devait finir" in again.text
    assert len(letters(system_app, "role_invitation")) == 1


def test_nobody_invites_themselves(app: Flask) -> None:
    _intake, admin, _lina = staffed()
    assert "votre adresse" in invite(app, admin, admin.email, role="finance")
    wish = grants.wish_of(admin, Role.FINANCE, place(admin, ".mdia.").reference, None, None)
    with pytest.raises(Refused), writing():
        invitations.invite(admin, Invitee(Contact("email", admin.email), "", "", "fr"), wish)


@pytest.mark.parametrize(
    "fields",
    [
        {"email": "pas une adresse"},
        {"role": "king"},
        {"role": "auditor"},
        {"scope": "W" * 26},
        {"ends_on": "2001-01-01"},
        {"ends_on": "31/02/2027"},
        {"begins_on": "9999-12-31"},
        {"spoken": "xx"},
        {"given_name": "x" * 121},
        {"role": "tutor"},
    ],
)
def test_what_cannot_be_is_told_and_nothing_is_sent(
    app: Flask, system_app: Flask, fields: dict[str, str]
) -> None:
    _intake, admin, _lina = staffed()
    assert "error-summary" in invite(app, admin, **{"email": EMAIL, **fields})
    assert letters(system_app, "role_invitation") == []


def test_whoever_is_erased_from_the_trail_is_erased_from_their_invitations(
    app: Flask, system_app: Flask
) -> None:
    _intake, admin, _lina = staffed()
    invite(app, admin)
    stranger(app).post(f"/invitations/{token(system_app)}", data=NAMED)
    invite(app, admin, "autre@inpt.ma")
    [(_one, mine), (_two, others)] = acts("accounts.invite")
    assert EMAIL in str(mine) and "autre@inpt.ma" in str(others)
    account = accounts.account_by_email(EMAIL)
    assert account is not None
    with writing():
        destroy_key(SYSTEM, db.session.get_one(Person, account.person_id).reference)
    [(_one, mine), (_two, others)] = acts("accounts.invite")
    assert EMAIL not in str(mine) and "autre@inpt.ma" in str(others)
