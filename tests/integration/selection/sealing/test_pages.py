"""The pages of an intake's rules: bounds by plain forms, people by right, the seal, the file, and hostile input."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from cohortmgr.accounts.rules import Role
from cohortmgr.base.db import db, writing
from cohortmgr.programmes.models import Intake
from cohortmgr.selection.certificate import canonical
from cohortmgr.selection.choosing.rules import Bound
from cohortmgr.selection.sealing import actions, queries
from cohortmgr.selection.sealing.models import RulesVersion
from cohortmgr.selection.sealing.rules import EntryByRight, RulesContent, digest_of, sealed_statement
from tests.factories.choices import browser, known, sent, someone
from tests.integration.selection.sealing.test_sealing import (
    BOUND,
    begun,
    bounded,
    given_out,
    hand_in,
    save,
    sealed,
)

Statements = Callable[[], AbstractContextManager[list[str]]]
pytestmark = pytest.mark.usefixtures("system_context")
DROME = {
    "group": "region=MA-08",
    "group_2": "",
    "group_3": "",
    "at_least": "2",
    "at_most": "",
    "hard": "hard",
}
MANAGER, ADMINISTRATOR = "selection_manager@inpt.ma", "programme_administrator@inpt.ma"


@pytest.fixture
def intake() -> Intake:
    found = sent(3)
    someone(found, Role.SELECTION_MANAGER)
    someone(found, Role.PROGRAMME_ADMINISTRATOR)
    return found


@pytest.fixture
def client(app: Flask, intake: Intake) -> FlaskClient:
    return browser(app, known(MANAGER))


def home(intake: Intake) -> str:
    return f"/staff/intakes/{intake.reference}/rules"


def version(intake: Intake) -> int:
    row = queries.open_among(queries.versions_of(intake))
    return row.version if row else 0


def content(intake: Intake) -> RulesContent:
    return RulesContent.of_json(queries.versions_of(intake)[-1].content)


def post(client: FlaskClient, intake: Intake, path: str, **data: Any) -> Any:
    return client.post(f"{home(intake)}/{path}", data={"version": version(intake), **data})


def take(client: FlaskClient, intake: Intake, text: str | bytes, name: str = "rules.toml") -> Any:
    data = text.encode() if isinstance(text, str) else text
    return post(client, intake, "file", file=(io.BytesIO(data), name))


def test_bounds_are_added_changed_and_removed_by_plain_forms(client: FlaskClient, intake: Intake) -> None:
    assert "Aucune borne" in client.get(home(intake)).text
    page = client.get(f"{home(intake)}/bounds/new").text
    assert 'value="region=MA-08"' in page and "Drâa-Tafilalet" in page and 'name="offering"' not in page
    assert post(client, intake, "bounds/new", **DROME).status_code == 302
    both = {**DROME, "group_2": "sex=f", "at_least": "", "at_most": "0", "hard": "soft"}
    assert post(client, intake, "bounds/new", **both).status_code == 302
    first, second = content(intake).bounds
    assert first == Bound({"region": "MA-08"}, 2) and second == Bound(
        {"region": "MA-08", "sex": "f"}, None, 0, False
    )
    shown = client.get(f"{home(intake)}/bounds/2").text
    assert 'value="sex=f" selected' in shown.replace('selected value="sex=f"', 'value="sex=f" selected')
    assert post(client, intake, "bounds/1", **{**DROME, "at_least": "3"}).status_code == 302
    assert [each.at_least for each in content(intake).bounds] == [3, None]
    assert post(client, intake, "bounds/1/remove").status_code == 302
    assert content(intake).bounds == (second,)
    for path in ("bounds/2", "bounds/0", "bounds/99999999999999999999"):
        assert client.get(f"{home(intake)}/{path}").status_code == 404
    assert post(client, intake, "bounds/2/remove").status_code == 404


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ({"at_least": "9", "at_most": "2"}, "ne vont pas ensemble"),
        ({"at_least": ""}, "ni au moins"),
        ({"at_least": "31"}, "les places"),
        ({"at_least": "-3"}, "au moins 1"),
        ({"at_least": "deux"}, "field-error"),
        ({"at_least": "9" * 400}, "field-error"),
        ({"group": "age=20"}, "n’est pas un choix"),
        ({"group": "region"}, "n’est pas permis ici"),
        ({"group": ""}, "Choisissez un groupe"),
        ({"group": "<script>alert(1)</script>=x"}, "&lt;script&gt;"),
    ],
)
def test_a_wrong_bound_is_told_beside_its_field_and_nothing_is_kept(
    client: FlaskClient, intake: Intake, typed: dict[str, str], says: str
) -> None:
    answer = post(client, intake, "bounds/new", **{**DROME, **typed})
    assert answer.status_code == 422 and says in answer.text and "<script>alert" not in answer.text
    assert not queries.versions_of(intake)


def test_people_by_right_need_a_file_a_reason_and_a_paper(client: FlaskClient, intake: Intake) -> None:
    given = {"application": "MDIA-000002", "reason": "Convention <b>", "paper": "Article 4"}
    for name in given:
        assert post(client, intake, "right/new", **{**given, name: " "}).status_code == 422
    missing = post(client, intake, "right/new", **{**given, "application": "MDIA-000009"})
    assert (
        missing.status_code == 422
        and "MDIA-000009" in missing.text
        and 'id="application-error"' in missing.text
    )
    assert post(client, intake, "right/new", **given).status_code == 302
    page = client.get(home(intake)).text
    assert "Convention &lt;b&gt;" in page and "MDIA-000002" in page
    assert post(client, intake, "right/2/remove").status_code == 404
    assert post(client, intake, "right/1/remove").status_code == 302 and not content(intake).right


def test_the_file_to_publish_says_no_reason_and_one_of_before_warns(
    client: FlaskClient, intake: Intake
) -> None:
    entry = EntryByRight("MDIA-000002", "Sa mère est malade", "Lettre du 3 mai")
    row = sealed(intake, replace(begun(intake), right=(entry,)))
    told = client.get(f"{home(intake)}/statement.json").text
    assert hashlib.sha256(told.encode()).hexdigest() == row.digest
    assert "malade" not in told and "Lettre" not in told and "MDIA" not in told
    warns = "Ne publiez pas ce fichier-là"
    assert warns not in client.get(home(intake)).text
    found = queries.rules_in_force(intake)
    assert found is not None
    stated = sealed_statement(found.content, intake.reference, found.salt)
    before = {
        **stated,
        "right": [{k: each[k] for k in ("reference", "reason", "paper")} for each in stated["right"]],
    }
    with writing():
        digest = hashlib.sha256(canonical(before).encode()).hexdigest()
        db.session.execute(sa.update(RulesVersion).values(digest=digest))
    assert warns in client.get(home(intake)).text
    assert hashlib.sha256(client.get(f"{home(intake)}/statement.json").text.encode()).hexdigest() == digest


def test_seats_and_ties_are_written_and_nought_seats_are_refused(client: FlaskClient, intake: Intake) -> None:
    ties = {"tie_0": "langues", "tie_1": "bases", "tie_2": "", "tie_3": ""}
    for number in ("0", "", "31", "-1"):
        answer = post(client, intake, "seats", seats_0=number, **ties)
        assert answer.status_code == 422 and 'id="seats_0-error"' in answer.text
    twice = post(client, intake, "seats", seats_0="20", **{**ties, "tie_1": "langues"})
    assert twice.status_code == 422 and 'id="tie_1-error"' in twice.text
    assert post(client, intake, "seats", seats_0="20", **ties).status_code == 302
    assert (content(intake).seats, content(intake).ties) == ({"data-ia": 20}, ("langues", "bases"))


def test_two_people_seal_on_the_pages_and_the_digest_is_that_of_what_is_published(
    app: Flask, client: FlaskClient, intake: Intake
) -> None:
    post(client, intake, "bounds/new", **DROME)
    assert post(client, intake, "propose").status_code == 302
    page = client.get(home(intake)).text
    assert "Une programme_administrator" in page and "/seal" not in page and "/bounds/new" not in page
    second = browser(app, known(ADMINISTRATOR))
    assert "Règles du choix à sceller" in second.get("/staff").text
    assert "/rules/seal" in second.get(home(intake)).text
    assert post(second, intake, "seal").status_code == 302
    row = queries.versions_of(intake)[0]
    page = second.get(home(intake)).text
    assert row.digest in page and "Règles du choix à sceller" not in second.get("/staff").text
    stated = json.loads(second.get(f"{home(intake)}/statement.json").text)
    assert digest_of(stated) == row.digest and stated["seed"] == intake.reference


def test_a_change_after_the_seal_shows_what_changes_and_the_versions_before(
    app: Flask, client: FlaskClient, intake: Intake
) -> None:
    sealed(intake)
    post(client, intake, "bounds/1", **{**DROME, "at_least": "4"})
    page = client.get(home(intake)).text
    assert "nouvelle borne" in page and "borne retirée" in page
    lacking = post(client, intake, "propose", reason="")
    assert lacking.status_code == 200 and "Dites pourquoi les règles changent" in lacking.text
    assert post(client, intake, "propose", reason="Avenant <3>").status_code == 302
    second = browser(app, known(ADMINISTRATOR))
    assert "Avenant &lt;3&gt;" in second.get(home(intake)).text
    assert post(second, intake, "seal").status_code == 302
    page = second.get(home(intake)).text
    assert "number=1" in page and "Avenant &lt;3&gt;" in page
    earlier = second.get(home(intake), query_string={"number": "1"}).text
    assert "/bounds/new" not in earlier and "au moins 2" in earlier
    for number in ("9", "x", "-1", "9" * 50):
        assert second.get(home(intake), query_string={"number": number}).status_code == 200


def test_the_file_comes_back_as_it_went_and_faults_are_told_by_line(
    client: FlaskClient, intake: Intake
) -> None:
    save(intake, bounded(intake, BOUND, Bound({"sex": "f"}, None, 9, False)))
    text = client.get(f"{home(intake)}/rules.toml").text
    before = content(intake)
    assert post(client, intake, "bounds/1/remove").status_code == 302 and content(intake) != before
    assert take(client, intake, text).status_code == 302 and content(intake) == before
    wrong = take(client, intake, text.replace("MA-08", "MA-88").replace("at_most = 9", "at_most = 1", 1))
    assert wrong.status_code == 422 and "MA-88" in wrong.text and "rules.toml:" in wrong.text
    assert content(intake) == before


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "[[bound]]",
        "bound = 1",
        "[[[",
        b"\xff\xfe",
        b"\x00",
        "a = " + "{ a = " * 60 + "1" + "}" * 60,
        "seed = 'me'",
    ],
)
def test_files_that_are_none_are_refused(client: FlaskClient, intake: Intake, text: str | bytes) -> None:
    save(intake, bounded(intake))
    before = content(intake)
    answer = take(client, intake, text, "../../<b>.toml")
    assert answer.status_code in (302, 422) and "<b>" not in answer.text
    assert text == "" or content(intake) == before


def test_an_upload_without_a_file_or_of_before_changes_nothing(client: FlaskClient, intake: Intake) -> None:
    save(intake, bounded(intake))
    assert client.post(f"{home(intake)}/file", data={"version": "1"}).status_code == 422
    old = {"version": "0", "file": (io.BytesIO(b"seats = 3"), "r.toml")}
    assert client.post(f"{home(intake)}/file", data=old).status_code == 409
    assert content(intake).seats == {"data-ia": 30}


def test_the_pages_of_readings_say_that_nothing_is_handed_in_yet(
    app: Flask, client: FlaskClient, intake: Intake
) -> None:
    reader = given_out(intake)
    said = "Les règles du choix ne sont pas scellées"
    overview = f"/staff/intakes/{intake.reference}/reviews"
    assert said not in client.get(overview).text
    save(intake, bounded(intake))
    page = client.get(overview).text
    assert said in page and home(intake) in page
    reading = browser(app, reader)
    review = db.session.scalars(
        sa.text("SELECT reference FROM reviews WHERE reviewer_id = :own").bindparams(own=reader.person_id)
    ).first()
    assert "Rien ne se remet encore" in reading.get(f"/staff/reviews/{review}").text


def test_an_overview_takes_no_more_statements_with_many_bounds_and_people(
    client: FlaskClient, intake: Intake, statements: Statements
) -> None:
    save(intake, bounded(intake))
    address = home(intake)
    client.get(address)
    with statements() as few:
        client.get(address)
    bounds = [Bound({"region": f"MA-{number:02d}"}, None, 9) for number in range(1, 13)]
    save(intake, bounded(intake, *bounds), version(intake))
    with statements() as many:
        assert client.get(address).status_code == 200
    assert len(many) == len(few) < 30


def test_a_reader_sees_nothing_of_it(app: Flask, client: FlaskClient, intake: Intake) -> None:
    reader = browser(app, given_out(intake))
    for path in ("", "/bounds/new", "/right/new", "/seats", "/file", "/rules.toml", "/statement.json"):
        assert reader.get(home(intake) + path).status_code == 404
    for path in ("bounds/new", "propose", "seal", "back", "drop", "right/1/remove", "bounds/1/remove"):
        assert reader.post(f"{home(intake)}/{path}", data=DROME).status_code == 404
    assert not db.session.scalars(sa.select(RulesVersion)).all()


def test_two_values_of_one_attribute_are_told_and_no_other_bound_is_written(
    client: FlaskClient, intake: Intake
) -> None:
    women = {**DROME, "group": "sex=f", "group_2": "sex=m", "group_3": "region=MA-08"}
    answer = post(client, intake, "bounds/new", **women)
    assert answer.status_code == 422 and "est déjà choisi plus haut" in answer.text
    assert "#group_2" in answer.text and not queries.versions_of(intake)
    assert post(client, intake, "bounds/new", **{**women, "group_2": ""}).status_code == 302
    assert content(intake).bounds[-1].where == {"sex": "f", "region": "MA-08"}


def test_no_group_is_chosen_for_whoever_writes_a_bound(client: FlaskClient, intake: Intake) -> None:
    page = client.get(f"{home(intake)}/bounds/new").text
    assert '<option selected value="">Choisissez</option>' in page or 'value="">Choisissez' in page
    answer = post(client, intake, "bounds/new", **{**DROME, "group": ""})
    assert answer.status_code == 422 and "Choisissez un groupe." in answer.text
    nothing = post(client, intake, "bounds/new", **{**DROME, "at_least": ""})
    assert nothing.status_code == 422 and "#at_least" in nothing.text and "#group" not in nothing.text


def test_a_criterion_that_is_chosen_twice_is_told_beside_it_and_without_a_key(
    client: FlaskClient, intake: Intake
) -> None:
    answer = post(client, intake, "seats", seats_0="3", tie_0="resultats", tie_1="bases", tie_2="resultats")
    assert answer.status_code == 422 and "Ce critère est déjà choisi plus haut." in answer.text
    assert "#tie_2" in answer.text and "clé" not in answer.text and not queries.versions_of(intake)


def test_whoever_seals_sees_whom_a_number_names_and_it_may_be_typed_in_small_letters(
    app: Flask, client: FlaskClient, intake: Intake
) -> None:
    typed = {"application": " mdia-000002 ", "reason": "Boursière", "paper": "Convention, article 4"}
    assert post(client, intake, "right/new", **typed).status_code == 302
    assert content(intake).right[0].application == "MDIA-000002"
    for email in (MANAGER, ADMINISTRATOR):
        page = browser(app, known(email)).get(home(intake)).text
        assert "MDIA-000002" in page and "Une N2" in page


def test_who_may_not_write_is_not_asked_to(app: Flask, client: FlaskClient, intake: Intake) -> None:
    assert "Ajoutez une borne" not in browser(app, known(ADMINISTRATOR)).get(home(intake)).text


def test_where_marks_are_there_nobody_reads_that_none_is_handed_in_before_the_seal(
    client: FlaskClient, intake: Intake
) -> None:
    reader = given_out(intake)
    save(intake, bounded(intake))
    assert "Aucune note ne se remet avant" in client.get(home(intake)).text
    with writing():
        actions.drop(known(MANAGER), intake.reference, version(intake))
    hand_in(intake, reader)
    save(intake, bounded(intake))
    page = client.get(home(intake)).text
    assert "Des notes ont déjà été remises" in page and "Aucune note ne se remet avant" not in page
