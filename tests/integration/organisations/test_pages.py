"""The tree in pages: who administers programmes reads it; who manages the installation adds, renames and closes."""

from __future__ import annotations

import html
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from bench.statements import beside_frame
from cohortmgr.accounts.actions import people as accounts
from cohortmgr.accounts.rules import SYSTEM, Role
from cohortmgr.audit.models import Event
from cohortmgr.base.db import db, writing
from cohortmgr.base.errors import Refused
from cohortmgr.organisations import actions
from cohortmgr.organisations.models import Organisation
from cohortmgr.organisations.queries import by_key
from cohortmgr.organisations.rules import OrganisationKind
from cohortmgr.programmes.models import Intake
from tests.factories.choices import browser, known, sent, someone

pytestmark = pytest.mark.usefixtures("system_context")
Statements = Callable[[], AbstractContextManager[list[str]]]
PATH = "/staff/organisations"
NEW = {
    "kind": "centre",
    "parent": "inpt",
    "key": "ensias",
    "fr": "École d’informatique",
    "ar": "مدرسة المعلوميات",
    "en": "School of computing",
    "region": "MA-04",
}


@pytest.fixture
def intake() -> Intake:
    """mdia with one file."""
    return sent(1)


@pytest.fixture
def keeper(app: Flask, intake: Intake) -> FlaskClient:
    """Who manages the installation."""
    host = db.session.get_one(Organisation, intake.institution_id)
    with writing():
        account = accounts.new_account(
            SYSTEM, "systeme@exemple.ma", "no hash", {"given_name": "Une", "family_name": "S"}
        )
        accounts.grant(
            SYSTEM, account, Role.SYSTEM_ADMINISTRATOR, "installation", "installation", "", [0, host.id]
        )
    return browser(app, known("systeme@exemple.ma"))


def text(answer: Any) -> str:
    return " ".join(html.unescape(answer.text).replace("\xa0", " ").split())


def named(key: str) -> Organisation:
    db.session.rollback()
    found = by_key(key)
    assert found is not None
    return found


def version(key: str) -> str:
    return str(named(key).version)


def acts() -> list[str]:
    db.session.rollback()
    return [
        each
        for each in db.session.scalars(sa.select(Event.action).order_by(Event.id))
        if "organisations" in each
    ]


def test_a_centre_is_added_below_its_institution(keeper: FlaskClient) -> None:
    answer = keeper.post(f"{PATH}/new", data=NEW)
    made = named("ensias")
    listed = text(keeper.get(PATH))
    assert "Institut national" in listed.partition("École d’informatique")[2] and "ma.inpt." not in listed, (
        "by name, not by key"
    )
    assert answer.location == f"{PATH}/{made.reference}", text(answer)
    assert (made.path, made.institution_id, made.region) == (
        "ma.inpt.ensias.",
        named("inpt").id,
        "MA-04",
    )
    assert "École d’informatique" in text(keeper.get(PATH))
    assert acts()[-1] == "organisations.create"


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"key": "inpt"}, "key"),
        ({"key": "Été"}, "key"),
        ({"ar": " "}, "ar"),
        ({"kind": "planet"}, "kind"),
        ({"region": "MA-99"}, "region"),
        ({"kind": "institution", "parent": "ma"}, "kind"),
        ({"kind": "company", "parent": "inpt"}, "parent"),
        ({"parent": "nowhere"}, "parent"),
    ],
)
def test_what_cannot_be_added_is_told_where(keeper: FlaskClient, given: dict[str, str], field: str) -> None:
    answer = keeper.post(f"{PATH}/new", data={**NEW, **given})
    assert answer.status_code == 422 and f'href="#{field}"' in answer.text
    assert by_key("ensias") is None


def test_a_name_is_changed_and_the_earlier_one_stays(keeper: FlaskClient) -> None:
    path = f"{PATH}/{named('inpt').reference}"
    assert "Master Data & IA" in text(keeper.get(path)), "what it hosts"
    names = {"fr": "INPT", "ar": "المعهد", "en": "INPT", "region": "MA-06", "version": version("inpt")}
    assert keeper.post(path, data=names).status_code == 302
    row = named("inpt")
    assert (row.name["fr"], row.region, row.path) == ("INPT", "MA-06", "ma.inpt.")
    assert row.former_names[0]["name"]["fr"].startswith("Institut national")
    assert "Institut national" in text(keeper.get(path))
    assert keeper.post(path, data=names).status_code == 302
    assert acts().count("organisations.rename") == 1
    assert keeper.post(path, data={**names, "en": ""}).status_code == 422
    invented = {**names, "region": "MA-99", "version": version("inpt")}
    assert keeper.post(path, data=invented).status_code == 422 and named("inpt").region == "MA-06"


def test_what_another_typed_meanwhile_is_neither_lost_nor_closed_over(keeper: FlaskClient) -> None:
    keeper.post(f"{PATH}/new", data=NEW)
    path, seen = f"{PATH}/{named('ensias').reference}", version("ensias")
    assert f'name="version" value="{seen}"' in keeper.get(path).text
    names = {"fr": "Un nom", "ar": "اسم", "en": "A name", "region": "MA-04"}
    assert keeper.post(path, data={**names, "version": seen}).status_code == 302
    for older in ({**names, "fr": "Autre", "version": seen}, {**names, "fr": "Autre"}):
        answer = keeper.post(path, data=older)
        assert answer.status_code == 409 and 'value="Autre"' in answer.text and "Un nom" in text(answer)
    closing = keeper.post(f"{path}/close", data={"reason": "Fusion.", "version": seen})
    assert closing.status_code == 409 and "Fusion." in closing.text
    assert (named("ensias").name["fr"], named("ensias").closed_at) == ("Un nom", None)
    now = version("ensias")
    assert f'name="version" value="{now}"' in answer.text and now != seen
    assert keeper.post(path, data={**names, "fr": "Autre", "version": now}).status_code == 302
    assert named("ensias").name["fr"] == "Autre"


def test_what_people_depend_on_is_not_closed_and_a_closed_one_takes_nothing_new(keeper: FlaskClient) -> None:
    for key in ("inpt", "inwi", "ma"):
        row = named(key)
        given = {"reason": "Fusion.", "version": str(row.version)}
        assert keeper.post(f"{PATH}/{row.reference}/close", data=given).status_code == 422, key
    keeper.post(f"{PATH}/new", data=NEW)
    path = f"{PATH}/{named('ensias').reference}"
    held = {"version": version("ensias")}
    assert keeper.post(f"{path}/close", data={"reason": "", **held}).status_code == 422
    assert keeper.post(f"{path}/close", data={"reason": "Fusion.", **held}).status_code == 302
    assert "Fermée" in text(keeper.get(PATH)) and "Fermée depuis" in text(keeper.get(path))
    assert 'value="ensias"' not in keeper.get("/staff/programmes/begin").text
    with pytest.raises(Refused), writing():
        actions.ensure_host(SYSTEM, "ensias")
    db.session.rollback()
    below = keeper.post(f"{PATH}/new", data={**NEW, "kind": "club", "parent": "ensias", "key": "annexe"})
    assert below.status_code == 422
    assert keeper.post(f"{path}/reopen").status_code == 302
    assert named("ensias").closed_at is None


def test_who_administers_a_programme_reads_and_keeps_nothing(app: Flask, intake: Intake) -> None:
    reader = browser(app, someone(intake, Role.PROGRAMME_ADMINISTRATOR))
    host = named("inpt").reference
    assert reader.get(PATH).status_code == reader.get(f"{PATH}/{host}").status_code == 200
    assert "/organisations/new" not in reader.get(PATH).text
    for path in (f"{PATH}/new", f"{PATH}/{host}", f"{PATH}/{host}/close", f"{PATH}/{host}/reopen"):
        assert reader.post(path, data={**NEW, "reason": "Non."}).status_code == 404
    assert named("inpt").name["fr"].startswith("Institut national")


def test_a_page_of_the_tree_costs_the_same_whatever_its_length(
    keeper: FlaskClient, statements: Statements
) -> None:
    keeper.get(PATH)
    with statements() as few:
        keeper.get(PATH)
    root = named("ma")
    with writing():
        for number in range(60):
            name = {"fr": f"N{number}", "ar": "شركة", "en": f"N{number}"}
            actions.create(SYSTEM, OrganisationKind.COMPANY, f"n{number:02d}", name, root)
    keeper.get(PATH)
    with statements() as many:
        first = keeper.get(PATH)
    assert len(beside_frame(few)) == len(beside_frame(many)) <= 5, many
    assert first.text.count('class="task"') == 50 and "after=" in first.text
