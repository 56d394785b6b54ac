"""A telephone shows two digits in a list, and leaves whole in an export for a reason that the trail keeps."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from cohortmgr.accounts.models import Person, RoleGrant
from cohortmgr.accounts.queries.viewers import viewer_of_email
from cohortmgr.accounts.rules import Role, Viewer
from cohortmgr.applications.file.models import Application
from cohortmgr.applications.lists import actions as lists_actions
from cohortmgr.applications.lists import tasks
from cohortmgr.applications.lists.filters import ApplicationFilters
from cohortmgr.applications.lists.models import ListExport
from cohortmgr.applications.lists.queries import exports
from cohortmgr.base import crypto, storage
from cohortmgr.base.db import writing
from cohortmgr.base.errors import Refused
from cohortmgr.base.sheets.tables import read_table
from cohortmgr.programmes.queries import intake_of
from tests.integration.applications.desk.seen import acts, all_of
from tests.integration.applications.journey import steps
from tests.integration.applications.lists.test_lists import many

COLUMNS = "columns=number,phone&sort=number"


def dial(number: int) -> str:
    return f"+2126612377{number:02}"


def with_telephones(count: int) -> None:
    """As many files, of which each second person has a telephone."""
    many(count)
    with writing() as session:
        people = session.scalars(
            sa.select(Person)
            .join(Application, Application.person_id == Person.id)
            .order_by(Application.number)
        ).all()
        for place, person in enumerate(people):
            if place % 2:
                person.phone_sealed = crypto.seal(dial(place), "persons", "phone", person.reference)


def test_a_list_shows_two_digits(intake: str, desk: FlaskClient) -> None:
    with_telephones(4)
    page = desk.get(f"/staff/intakes/{intake}/applications?{COLUMNS}").text
    assert '<bdi dir="ltr">•• 01</bdi>' in page and '<bdi dir="ltr">•• 03</bdi>' in page
    assert page.count("••") == 2 and "66123" not in page and "6 61 23" not in page


def test_an_export_asks_why_and_writes_one_line(intake: str, desk: FlaskClient) -> None:
    with_telephones(4)
    path = f"/staff/intakes/{intake}/applications/export?{COLUMNS}"
    for kind in ("xlsx", "csv"):
        refused = desk.post(path, data={"kind": kind, "reason": "  "})
        assert refused.status_code == 422 and "66123" not in refused.text
    assert "applications.export" not in acts()
    answer = desk.post(path, data={"kind": "xlsx", "reason": "Appeler ceux qui n’ont pas répondu"})
    numbers = {row.cells[1]: row.cells[2] for row in read_table(answer.data).rows}
    assert [numbers[f"MDIA-{place:06}"] for place in range(4)] == ["", dial(1), "", dial(3)]
    answer = desk.post(path, data={"kind": "csv", "reason": "Appeler"})
    assert dial(3) in answer.text.replace("'", "")
    assert acts().count("applications.export") == 2


@pytest.mark.parametrize("reason", [{}, {"reason": " "}])
def test_an_export_that_is_refused_shows_the_list_as_it_was(
    intake: str, desk: FlaskClient, reason: dict[str, str]
) -> None:
    with_telephones(60)
    path = f"/staff/intakes/{intake}/applications"
    second = desk.get(f"{path}?{COLUMNS}&eligible=yes")
    address = re.search(r'rel="next" href="([^"]+)"', second.text)
    assert address
    page = desk.get(address[1].replace("&amp;", "&"))
    assert page.text.count('name="files"') == 4
    chosen = re.findall(r'name="files" value="(\w+)"', page.text)[1:3]
    sends = re.search(r'name="kind" value="xlsx"\s+formaction="([^"]+)"', page.text)
    assert sends
    refused = desk.post(
        sends[1].replace("&amp;", "&"), data={"ticked": "1", "files": chosen, "kind": "xlsx", **reason}
    )
    assert refused.status_code == 422 and "Dites pourquoi" in refused.text
    assert re.findall(r'value="(\w+)" aria-label="[^"]*" checked', refused.text) == chosen
    assert refused.text.count('name="files"') == 4, "the same page of the list"
    assert '<option value="yes" selected>' in refused.text and 'href="#ticked-reason"' in refused.text
    assert 'id="ticked-reason-error"' in refused.text and 'id="list-reason-error"' not in refused.text
    again = desk.post(path + "/export?" + COLUMNS, data={"kind": "csv", **reason})
    assert 'id="list-reason-error"' in again.text and " checked>" not in again.text.partition("<tbody>")[2]
    nothing = desk.post(f"{path}/export?{COLUMNS}", data={"ticked": "1", "kind": "xlsx", "reason": "Appeler"})
    assert nothing.status_code == 422 and "Cochez d’abord" in nothing.text


def test_without_the_column_nobody_is_asked(intake: str, desk: FlaskClient) -> None:
    with_telephones(2)
    path = f"/staff/intakes/{intake}/applications"
    assert desk.post(f"{path}/export?columns=number", data={"kind": "xlsx"}).status_code == 200
    assert 'name="reason"' not in desk.get(f"{path}?columns=number").text
    assert desk.get(f"{path}?columns=phone").text.count('name="reason"') == 2


def test_a_page_reads_all_telephones_in_one_statement(
    intake: str, desk: FlaskClient, statements: Callable[[], AbstractContextManager[list[str]]]
) -> None:
    with_telephones(30)
    found = []
    for size in ("50", "600"):
        with statements() as seen:
            assert desk.get(f"/staff/intakes/{intake}/applications?{COLUMNS}&size={size}").status_code == 200
        found.append(len([each for each in seen if "phone_sealed" in each and "accounts" not in each]))
    assert found[0] == found[1]


def now_a(role: Role) -> None:
    """Let whoever has a role have this one instead."""
    with writing() as session:
        session.execute(sa.update(RoleGrant).values(role=role.value))


def manager() -> Viewer:
    found = viewer_of_email("selection_manager-ma-inpt-mdia-@exemple.ma")
    assert found is not None
    return found


@pytest.mark.parametrize("role", [Role.CENTRE_MANAGER, Role.AUDITOR])
def test_who_may_not_open_one_telephone_gets_none_in_a_list(intake: str, app: Flask, role: Role) -> None:
    with_telephones(4)
    reader, path = steps.browser(app), f"/staff/intakes/{intake}/applications"
    steps.staff(reader, role)
    page = reader.get(f"{path}?{COLUMNS}").text
    assert "••" not in page and "Téléphone" not in page
    for kind in ("xlsx", "csv"):
        answer = reader.post(f"{path}/export?{COLUMNS}", data={"kind": kind, "reason": "Appeler"})
        assert answer.status_code == 200
        assert "Téléphone" not in read_table(answer.data).header and dial(1) not in str(answer.data)


def test_a_draft_tells_no_telephone(intake: str, desk: FlaskClient) -> None:
    with_telephones(4)
    with writing() as session:
        one = sa.update(Application).where(Application.number == "MDIA-000001")
        session.execute(one.values(state="draft"))
    path = f"/staff/intakes/{intake}/applications"
    for state in ("draft", "all"):
        answer = desk.post(
            f"{path}/export?{COLUMNS}&state={state}", data={"kind": "xlsx", "reason": "Appeler"}
        )
        numbers = {row.cells[1]: row.cells[2] for row in read_table(answer.data).rows}
        assert numbers["MDIA-000001"] == "" and numbers.get("MDIA-000003", dial(3)) == dial(3)
        assert "•• 01" not in desk.get(f"{path}?{COLUMNS}&state={state}").text


def test_the_worker_asks_again_who_may_have_telephones(
    intake: str, desk: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_telephones(4)
    asked = ApplicationFilters(columns="number,phone", sort="number")
    for role in (Role.SELECTION_MANAGER, Role.CENTRE_MANAGER):
        with writing():
            lists_actions.ask_export(manager(), intake, asked, "fr", "Appeler")
        now_a(role)
        tasks.export({"export": all_of(ListExport)[-1].reference}, lambda done, total: None)
    whole, narrowed = (read_table(storage.load(row.storage_key)) for row in all_of(ListExport))
    assert [row.cells[2] for row in whole.rows] == ["", dial(1), "", dial(3)]
    assert narrowed.header == ("Nom", "Numéro")


def test_no_telephone_leaves_without_a_reason(intake: str, desk: FlaskClient) -> None:
    with_telephones(2)
    row, shown = intake_of("mdia", "2027"), ApplicationFilters(columns="number,phone")
    with pytest.raises(Refused, match="Dites pourquoi"), writing():
        lists_actions.note_export(manager(), row, shown, "csv", 2)
    with pytest.raises(Refused, match="Dites pourquoi"), writing():
        lists_actions.ask_export(manager(), intake, shown, "fr")
    with writing():
        lists_actions.note_export(manager(), row, ApplicationFilters(columns="number"), "csv", 2)


def test_the_reason_is_kept_when_the_first_of_two_clicks_was_written_meanwhile(
    intake: str, desk: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_telephones(2)
    seen, real = [], exports.being_written

    def late(intake_id: int, account: str, blind: str) -> ListExport | None:
        seen.append(blind)
        return None if len(seen) <= 2 else real(intake_id, account, blind)

    monkeypatch.setattr(exports, "being_written", late)
    with writing():
        found = lists_actions.ask_export(
            manager(), intake, ApplicationFilters(columns="phone"), "fr", "Appeler"
        )
        assert exports.asked_of(found)[1] == "Appeler" and len({*seen}) == 1
