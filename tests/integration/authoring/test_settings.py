"""Seats, companies and stipend in pages; campaigns that are cloned and archived."""

from __future__ import annotations

import html
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from bench.statements import beside_frame
from cohortmgr.accounts.rules import SYSTEM, Role
from cohortmgr.audit.models import Event
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.base.errors import Refused
from cohortmgr.organisations.models import Organisation
from cohortmgr.organisations.queries import by_key
from cohortmgr.programmes import actions as programmes
from cohortmgr.programmes import queries
from cohortmgr.programmes.definition.toml import read_definition
from cohortmgr.programmes.drafts import actions as revisions
from cohortmgr.programmes.models import Intake, Offering
from tests.factories.choices import SEASON, browser, decided, known
from tests.integration.authoring.drafts import (
    HOME,
    document,
    draft,
    filled,
    version,
)

pytestmark = pytest.mark.usefixtures("system_context")

Statements = Callable[[], AbstractContextManager[list[str]]]
INTAKES, PARTNERS, STIPEND = f"{HOME}/intakes", f"{HOME}/partners", f"{HOME}/stipend"
NEW = {
    "source": "2027",
    "key": "2028",
    "starts_on": "2028-09-18",
    "title_fr": "Rentrée 2028",
    "title_ar": "دخول 2028",
    "title_en": "2028 intake",
}
AFTER = datetime(2028, 1, 10, 9, tzinfo=UTC)


def text(answer: Any) -> str:
    """A page's text as people read it."""
    return " ".join(html.unescape(answer.text).replace("\xa0", " ").replace("\u202f", " ").split())


def publish(client: FlaskClient, over: str = "1") -> Any:
    return client.post(f"{HOME}/publish", data={"version": version(), "over": over})


def acts() -> list[str]:
    db.session.rollback()
    return list(db.session.scalars(sa.select(Event.action).order_by(Event.id)))


@pytest.mark.parametrize("path", [INTAKES, PARTNERS, STIPEND])
def test_a_page_that_nobody_changes_begins_no_draft(client: FlaskClient, path: str) -> None:
    assert client.post(path, data=filled(client, path)).status_code == 302
    assert draft() is None


def test_seats_are_published_and_named_before_with_the_people_concerned(client: FlaskClient) -> None:
    given = {**filled(client, INTAKES), "intakes-0-offerings-0-seats": "35"}
    assert client.post(INTAKES, data=given).location == INTAKES
    told = text(client.get(f"{HOME}/publish"))
    assert "places : 35, au lieu de 30" in told
    assert "2 dossiers envoyés" in told and "1 brouillon" in told
    assert queries.offerings_of(queries.intake_of("mdia", "2025"))[0].seats == 30
    assert publish(client).status_code == 302
    db.session.rollback()
    assert queries.offerings_of(queries.intake_of("mdia", "2025"))[0].seats == 35
    older = client.post(INTAKES, data={**given, "intakes-0-offerings-0-seats": "40", "version": "7"})
    assert older.status_code == 409 and 'value="40"' in older.text


def test_seats_do_not_fall_below_those_that_are_taken(client: FlaskClient, intake: Intake) -> None:
    with writing():
        db.session.execute(sa.update(Offering).where(Offering.intake_id == intake.id).values(taken=12))
    given = {**filled(client, INTAKES), "intakes-0-offerings-0-seats": "11"}
    answer = client.post(INTAKES, data=given)
    assert answer.status_code == 422 and "12 places" in text(answer)
    assert "Campagne 1, Places : " in text(answer), "the summary names campaign and field"
    assert 'id="intakes-0-offerings-0-seats-error"' in answer.text
    assert "intakes-0-offerings-remove" not in answer.text, (
        "a choice in force has no button that takes it out"
    )
    assert client.post(INTAKES, data={**given, "intakes-0-offerings-0-seats": "12"}).status_code == 302


def test_a_choice_without_a_name_in_arabic_is_told_on_this_page_and_not_on_that_of_dates(
    client: FlaskClient,
) -> None:
    row = "intakes-1-offerings-1"
    more = {"intakes-1-offerings-count": "2", f"{row}-seats": "5"}
    for name in ("title", "place"):
        more |= {f"{row}-{name}-fr": "Agadir", f"{row}-{name}-ar": "", f"{row}-{name}-en": "Agadir"}
    assert client.post(INTAKES, data={**filled(client, INTAKES), **more}).status_code == 302
    assert f'href="#{row}-title-ar"' in client.get(INTAKES).text
    assert f'{INTAKES}#{row}-title-ar"' in client.get(f"{HOME}/form").text
    assert "data-error-summary" not in client.get(f"{HOME}/dates").text
    assert publish(client).status_code == 422


def test_more_seats_say_how_many_of_the_waiting_list_are_called(app: Flask) -> None:
    decided(40, 30)
    with clock.at(SEASON):
        page = browser(app, known(f"{Role.PROGRAMME_ADMINISTRATOR.value}@inpt.ma"))
        given = {**filled(page, INTAKES), "intakes-0-offerings-0-seats": "33"}
        assert page.post(INTAKES, data=given).status_code == 302
        assert "3 places sont offertes aussitôt, au plus, à la liste" in text(page.get(f"{HOME}/publish"))


def test_a_company_is_made_at_publishing_and_one_of_the_same_name_is_the_same(client: FlaskClient) -> None:
    given = filled(client, PARTNERS)
    count = int(given["partners-count"])
    names = ("Office Chérifien", "Inwi")
    more = {"partners-count": str(count + 2)}
    for place, name in enumerate(names, count):
        more |= {f"partners-{place}-name-{code}": name for code in ("fr", "en")}
        more |= {f"partners-{place}-name-ar": "شركة", f"partners-{place}-seats": "2"}
    assert client.post(PARTNERS, data={**given, **more}).status_code == 302
    keys = [row["key"] for row in document()["partners"]]
    assert keys[count] == "office-cherifien"
    assert keys[count + 1] not in keys[:count], "Inwi is there already, so this one is another"
    assert "Office Chérifien" in text(client.get(f"{HOME}/publish"))
    assert by_key("office-cherifien") is None
    assert publish(client).status_code == 302
    db.session.rollback()
    made = by_key("office-cherifien")
    assert made is not None and made.kind == "company"
    assert (
        db.session.scalar(sa.select(sa.func.count(Organisation.id)).where(Organisation.kind == "company"))
        == 6
    )


def test_the_stipend_is_changed_dropped_and_begun_again(client: FlaskClient) -> None:
    given = {**filled(client, STIPEND), "monthly_cents": "4 500"}
    assert client.post(STIPEND, data=given).status_code == 302
    told = text(client.get(f"{HOME}/publish"))
    assert "4 500,00 MAD, au lieu de : 4 000,00 MAD" in told and "La bourse change pour" not in told, (
        "nobody is paid"
    )
    assert publish(client).status_code == 302
    scheme = queries.definition_of(queries.intake_of("mdia", "2025")).stipend
    assert scheme is not None and scheme.monthly_cents == 450_000
    assert client.post(f"{STIPEND}/forget", data={"version": version()}).location == STIPEND
    assert "stipend" not in document()
    page = text(client.get(STIPEND))
    assert "ne verse pas de bourse" in page
    wrong = client.post(STIPEND, data={**filled(client, STIPEND), "monthly_cents": "beaucoup"})
    assert (
        wrong.status_code == 422
        and 'href="#monthly_cents"' in wrong.text
        and 'value="beaucoup"' in wrong.text
    )
    assert read_definition(client.get(f"{HOME}/definition.toml").text, "mdia.toml").stipend == scheme


def test_the_waiting_list_and_the_phases_are_written_in_pages(client: FlaskClient) -> None:
    dates, texts = f"{HOME}/dates", f"{HOME}/texts"
    assert client.post(dates, data={**filled(client, dates), "offers-waiting_list": "45"}).status_code == 302
    given = filled(client, texts)
    given.pop("stages-outcomes")
    assert client.post(texts, data=given).status_code == 302
    assert document()["offers"]["waiting_list"] == 45 and "outcomes" not in document()["stages"]
    told = text(client.get(f"{HOME}/publish"))
    assert "Liste d’attente : 45 personnes, au lieu de : 30 personnes" in told and "Insertion" in told


def test_a_campaign_is_cloned_in_the_draft_and_exists_once_that_is_published(client: FlaskClient) -> None:
    page = client.get(f"{INTAKES}/new").text
    assert 'value="2027" selected' in page.replace(' selected value="2027"', ' value="2027" selected')
    answer = client.post(f"{INTAKES}/new", data={**NEW, "version": "0"})
    assert answer.location == f"{HOME}/dates", answer.text
    assert [each["key"] for each in document()["intakes"]] == ["2025", "2027", "2028"]
    assert "Dans le brouillon seulement" in text(client.get(INTAKES))
    told = text(client.get(f"{HOME}/publish"))
    assert "Rentrée 2028" in told and "elle prendra des candidatures" in told
    assert publish(client).status_code == 302
    made = queries.intake_of("mdia", "2028")
    assert made.state == "published" and made.starts_on.isoformat() == "2028-09-18"
    assert (made.starts_on - made.decision_by).days == (
        queries.intake_of("mdia", "2027").starts_on - queries.intake_of("mdia", "2027").decision_by
    ).days


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"key": "2025"}, "key"),
        ({"key": "Été 2028"}, "key"),
        ({"starts_on": "bientôt"}, "starts_on"),
        ({"starts_on": "1900-01-01"}, "starts_on"),
        ({"title_ar": " "}, "title_ar"),
        ({"source": "1999"}, "source"),
    ],
)
def test_a_clone_that_lacks_something_is_told_where(
    client: FlaskClient, given: dict[str, str], field: str
) -> None:
    answer = client.post(f"{INTAKES}/new", data={**NEW, "version": "0", **given})
    assert answer.status_code == 422 and f'href="#{field}"' in answer.text
    assert draft() is None


def test_what_no_page_could_show_never_becomes_the_draft(client: FlaskClient) -> None:
    def spoil(held: dict[str, Any]) -> None:
        held["intakes"][0]["starts_on"] = "1899-12-31"

    with pytest.raises(Refused), writing():
        revisions.change(SYSTEM, "mdia", spoil)
    assert draft() is None
    for page in ("form", "steps", "preview", "eligibility", "intakes", "dates"):
        assert client.get(f"{HOME}/{page}").status_code == 200


def test_a_campaign_leaves_the_draft_until_it_is_published_and_not_after(client: FlaskClient) -> None:
    client.post(f"{INTAKES}/new", data={**NEW, "source": "2025", "version": "0"})
    rib = [q for s in document()["form"]["sections"] for q in s["questions"] if q.get("application_intakes")]
    assert all("2028" in each["application_intakes"] for each in rib) and rib
    client.post(f"{INTAKES}/2028/drop", data={"version": version()})
    assert [each["key"] for each in document()["intakes"]] == ["2025", "2027"]
    rib = [q for s in document()["form"]["sections"] for q in s["questions"] if q.get("application_intakes")]
    assert all("2028" not in each["application_intakes"] for each in rib)
    client.post(f"{INTAKES}/new", data={**NEW, "source": "2027", "version": version()})
    bounds = document()["selection"]["bound"]
    assert [each["intakes"] for each in bounds] == [["2027", "2028"]] * 2
    client.post(f"{INTAKES}/2028/drop", data={"version": version()})
    assert [each["intakes"] for each in document()["selection"]["bound"]] == [["2027"]] * 2
    client.post(f"{INTAKES}/2025/drop", data={"version": version()}, follow_redirects=True)
    assert [each["key"] for each in document()["intakes"]] == ["2025", "2027"], "it has files"
    stale = client.post(f"{INTAKES}/new", data={**NEW, "version": "99"})
    assert stale.status_code == 200 and "a changé entre-temps" in text(stale)


def test_an_archived_campaign_is_off_the_public_pages_and_nothing_else(
    app: Flask, client: FlaskClient, intake: Intake
) -> None:
    path, stranger = f"{INTAKES}/2025/archive", app.test_client()
    said = text(client.get(path))
    assert "2 personnes gardent leur page" in said
    assert "offre" not in said.partition("Ce qu’archiver fera")[2] and "est sur la liste" not in said, (
        "none is"
    )
    assert client.post(path, data={"reason": " "}).status_code == 422
    assert stranger.get(f"/intakes/{intake.reference}").status_code == 200
    assert client.post(path, data={"reason": "Trois ans après."}).location == INTAKES
    assert client.post(path, data={"reason": "Encore."}).status_code == 302
    assert acts().count("programmes.archive") == 1
    assert stranger.get(f"/intakes/{intake.reference}").status_code == 404
    assert stranger.get("/programmes/mdia").status_code == 200, "another campaign is there"
    for page in (INTAKES, "/staff"):
        assert "Archivée" in text(client.get(page)), page
    for page in (path, f"/staff/intakes/{intake.reference}"):
        assert "Campagne archivée" in text(client.get(page)), page
    mine = browser(app, known("c2@exemple.ma"))
    assert mine.get("/my").status_code == 200
    with pytest.raises(Refused), writing():
        programmes.extend(SYSTEM, intake.reference, AFTER, "Un oubli.")
    db.session.rollback()
    given = {**filled(client, INTAKES), "intakes-0-offerings-0-seats": "31"}
    client.post(INTAKES, data=given)
    assert publish(client).status_code == 302
    db.session.rollback()
    assert queries.intake_of("mdia", "2025").state == "archived", "a new version does not bring it back"
    assert client.post(f"{INTAKES}/2025/restore").location == INTAKES
    assert stranger.get(f"/intakes/{intake.reference}").status_code == 200
    assert acts().count("programmes.restore") == 1


def test_what_is_done_with_data_is_told_when_all_campaigns_are_archived(
    app: Flask, client: FlaskClient, intake: Intake
) -> None:
    with clock.at(AFTER):
        later = browser(app, known(f"{Role.PROGRAMME_ADMINISTRATOR.value}@inpt.ma"))
        for key in ("2025", "2027"):
            assert later.post(f"{INTAKES}/{key}/archive", data={"reason": "Fini."}).status_code == 302
        stranger = app.test_client()
        assert stranger.get("/programmes/mdia").status_code == 404
        assert stranger.get("/programmes/mdia/data").status_code == 200


def test_an_open_campaign_is_not_archived(client: FlaskClient) -> None:
    shown = text(client.get(f"{INTAKES}/2027/archive"))
    assert "prend encore des candidatures" in shown and 'name="reason"' not in shown, "said beforehand"
    answer = client.post(f"{INTAKES}/2027/archive", data={"reason": "Trop tôt."})
    assert answer.status_code == 422 and "prend encore des candidatures" in text(answer)
    assert queries.intake_of("mdia", "2027").state == "published"
    assert client.get(f"{INTAKES}/1999/archive").status_code == 404


def test_the_page_of_campaigns_asks_as_many_statements_for_one_as_for_ten(
    client: FlaskClient, statements: Statements
) -> None:
    client.get(INTAKES)
    with statements() as few:
        client.get(INTAKES)
    for year in range(2030, 2038):
        client.post(f"{INTAKES}/new", data={**NEW, "key": str(year), "version": version()})
    publish(client)
    client.get(INTAKES)
    with statements() as many:
        client.get(INTAKES)
    assert len(beside_frame(few)) == len(beside_frame(many)) <= 8, many
