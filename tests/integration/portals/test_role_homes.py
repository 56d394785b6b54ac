"""Each role's first page says what it does here, what waits, and leads on; so does an intake that opens it no room."""

from __future__ import annotations

import html

import pytest
from flask.ctx import AppContext
from flask.testing import FlaskClient

from cohortmgr.accounts.rules import Role
from cohortmgr.portals.duties import WORK
from cohortmgr.programmes.models import Intake
from tests.factories.lives import lived_intake, signed_in


@pytest.mark.parametrize("role", list(WORK))
def test_the_first_page_says_what_the_role_does(
    role: Role, system_context: AppContext, client: FlaskClient
) -> None:
    intake = lived_intake(3)
    page = html.unescape(signed_in(client, role, intake).get("/staff").text)
    main = page[page.index("<main") :].replace("\xa0", " ").replace("\u2011", "-")
    assert WORK[role] in main
    assert "Ce qui vous attend" in main
    assert main.count("<dt>") == 1, "of this role alone"


def test_who_installed_the_site_is_told_how_to_begin(system_context: AppContext, client: FlaskClient) -> None:
    nowhere = Intake(reference="installation", path="", institution_id=0)
    desk = signed_in(client, Role.SYSTEM_ADMINISTRATOR, nowhere)
    page = desk.get("/staff").text
    steps = page[page.index('<ol class="first-steps">') : page.index("</ol>")]
    assert steps.count("<li>") == 3
    assert "flask organisations add" in page, "without a host the third step would lead nowhere"
    for link in ("/staff/letterheads/installation", "/staff/people/invite", "/staff/programmes"):
        assert f'href="{link}"' in steps and desk.get(link).status_code == 200


@pytest.mark.parametrize(
    ("role", "leads"),
    [
        (Role.SYSTEM_ADMINISTRATOR, ("/staff/people", "/staff/audit", "/staff/programmes")),
        (Role.AUDITOR, ("/staff/audit",)),
        (Role.REVIEWER, ("/staff/reviews",)),
    ],
)
def test_it_leads_to_what_the_role_opens(
    role: Role, leads: tuple[str, ...], system_context: AppContext, client: FlaskClient
) -> None:
    intake = lived_intake(3)
    desk = signed_in(client, role, intake)
    for page in ("/staff", f"/staff/intakes/{intake.reference}"):
        main = desk.get(page).text.partition("<main")[2]
        if page == "/staff" or role is not Role.AUDITOR:  # the auditor has rooms there, at the side
            assert all(f'href="{lead}"' in main for lead in leads), page
    assert "n’ouvre aucune page" not in html.unescape(desk.get(f"/staff/intakes/{intake.reference}").text)
