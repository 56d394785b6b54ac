"""Who runs the site: written by who may, shown on each page and in three languages, at no statement of its own."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient, FlaskCliRunner
from PIL import Image

from cohortmgr.accounts.rules import SYSTEM, Role
from cohortmgr.audit.models import Event
from cohortmgr.base.db import db, see, writing
from cohortmgr.base.errors import NotFound, Stale
from cohortmgr.demo.letterheads import LETTERHEADS, drawn_mark
from cohortmgr.organisations import queries as organisations
from cohortmgr.organisations.letterheads import actions, queries
from cohortmgr.organisations.letterheads.forms import values_of
from cohortmgr.organisations.letterheads.models import KeptLetterhead
from cohortmgr.organisations.letterheads.queries import KEPT_FOR
from cohortmgr.organisations.letterheads.rules import INSTALLATION, MARK_SIDE, MOST_MARK, Letterhead
from cohortmgr.programmes.queries import intake_of
from tests.factories.lives import signed_in
from tests.letterheads import shelf_of, with_mark, write_letterhead

pytestmark = pytest.mark.usefixtures("system_context")
Statements = Callable[[], AbstractContextManager[list[str]]]
SITE = {"fr": "MTNRA", "ar": "الانتقال الرقمي", "en": "MTNRA"}
HOST = {"fr": "INPT", "ar": "معهد البريد", "en": "INPT"}


@pytest.fixture(autouse=True)
def loaded(runner: FlaskCliRunner) -> None:
    assert runner.invoke(args=["programmes", "load", "mdia", "--publish"]).exit_code == 0


@pytest.fixture
def told(app: Flask) -> None:
    """The site's letterhead and the host's, known to the pages."""
    for key in (INSTALLATION, "inpt"):
        write_letterhead(key)
    shelf_of(app).forget()


def administrator(client: FlaskClient) -> FlaskClient:
    return signed_in(client, Role.SYSTEM_ADMINISTRATOR, intake_of("mdia"), "")


def typed(key: str) -> dict[str, str]:
    draft = LETTERHEADS[key]
    known = Letterhead(draft.texts, draft.telephone, draft.email, draft.cndp)
    return dict(values_of(known))


def parts(page: str) -> tuple[str, str, str]:
    """The title, the brand in the bar and the foot."""
    title = re.search(r"<title>(.*?)</title>", page, re.S)
    brand = re.search(r'<a class="brand".*?</a>', page, re.S)
    foot = re.search(r"<footer.*?</footer>", page, re.S)
    assert title and brand and foot
    return title[1], brand[0], foot[0]


@pytest.mark.parametrize("language", ["fr", "ar", "en"])
def test_every_page_says_who_runs_it(client: FlaskClient, told: None, language: str) -> None:
    client.set_cookie("language", language)
    for path, short, key in (
        ("/", SITE, INSTALLATION),
        ("/sign-in", SITE, INSTALLATION),
        ("/help", SITE, INSTALLATION),
        ("/nowhere", SITE, INSTALLATION),
        ("/programmes/mdia", HOST, "inpt"),
        ("/programmes/mdia/data", HOST, "inpt"),
        ("/help/mdia", HOST, "inpt"),
    ):
        title, brand, foot = parts(client.get(path).text)
        assert title.endswith(f" · {short[language]}") and f"<span>{short[language]}</span>" in brand
        draft = LETTERHEADS[key]
        for name in ("name", "address", "hours"):
            assert draft.texts[name][language] in foot
        assert f'href="tel:+212{draft.telephone.replace(" ", "")[1:]}"' in foot and draft.email in foot


def test_the_software_s_name_stands_in_its_own_line_alone(client: FlaskClient, told: None) -> None:
    for path in ("/", "/sign-in", "/help", "/data", "/accessibility", "/programmes/mdia"):
        page = client.get(path).text
        assert page.count("cohortmgr") == page.count("Fait avec cohortmgr") == 1, path


def test_a_site_that_nobody_has_named_says_neither_a_wrong_name_nor_the_software_s(
    client: FlaskClient,
) -> None:
    title, brand, foot = parts(client.get("/").text)
    assert title.endswith(" · Candidatures et formations") and "cohortmgr" not in brand
    assert "tel:" not in foot and "mailto:" not in foot


def test_no_page_asks_for_its_letterhead(
    app: Flask, client: FlaskClient, told: None, statements: Statements
) -> None:
    def asked(path: str) -> list[str]:
        with statements() as seen:
            assert client.get(path).status_code == 200
        return [each for each in seen if "letterheads" in each]

    assert len(asked("/")) == 1, "read when it was forgotten"
    for path in ("/", "/sign-in", "/programmes/mdia", "/data", "/legal"):
        assert asked(path) == []
    shelf_of(app).clock = lambda: KEPT_FOR
    assert [len(asked(path)) for path in ("/sign-in", "/", "/sign-in")] == [1, 0, 0]


def test_another_process_says_it_after_ten_seconds_and_the_kept_pages_with_it(
    app: Flask, client: FlaskClient
) -> None:
    client.get("/")
    write_letterhead(INSTALLATION)  # by the process of the worker and of commands
    assert "MTNRA" not in client.get("/").text
    shelf_of(app).clock = lambda: KEPT_FOR
    assert "MTNRA" in client.get("/").text


def test_a_page_of_a_database_out_of_reach_has_its_head(app: Flask, client: FlaskClient, told: None) -> None:
    client.get("/")
    shelf_of(app).clock = lambda: 2 * KEPT_FOR

    def broken() -> None:
        raise sa.exc.OperationalError("SELECT", {}, Exception("gone"))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(queries.db.session, "execute", lambda *_: broken())
        assert queries.known().installation is not None
        with app.test_request_context():
            assert queries.known().of_host("inpt").telephone == LETTERHEADS["inpt"].telephone


def test_an_administrator_writes_it_and_sees_what_people_see(client: FlaskClient) -> None:
    administrator(client)
    page = client.get("/staff/letterheads").text
    assert "personne ne sait qui tient ce site" in page and "Institut national des postes" in page
    form = client.get("/staff/letterheads/installation").text
    assert 'name="name_ar"' in form and "Le logo s’envoie après les textes" in form
    answer = client.post("/staff/letterheads/installation", data={**typed(INSTALLATION), "version": "0"})
    assert answer.status_code == 302
    page = client.get(answer.location).text
    assert "MTNRA : votre code est…" in page.replace("\xa0", " ") and "C’est gardé" in page
    assert "MTNRA" in client.get("/").text, "at once, where it was saved"
    written = db.session.scalars(sa.select(KeptLetterhead)).one()
    assert (written.place, written.institution_id, written.version) == (0, None, 1)
    [event] = db.session.scalars(sa.select(Event).where(Event.action == "letterheads.save"))
    assert event.object_reference == written.reference


def test_what_is_wrong_is_said_at_its_field_and_nothing_is_lost(client: FlaskClient) -> None:
    administrator(client)
    sent = {**typed(INSTALLATION), "name_ar": "", "telephone": "appelez", "version": "0"}
    answer = client.post("/staff/letterheads/installation", data=sent)
    assert answer.status_code == 422
    assert 'href="#name_ar"' in answer.text and 'href="#telephone"' in answer.text
    assert "il manque une langue" in answer.text and sent["address_fr"] in answer.text
    assert db.session.scalar(sa.select(sa.func.count()).select_from(KeptLetterhead)) == 0


def test_two_who_write_at_once_do_not_overwrite_each_other(client: FlaskClient, told: None) -> None:
    administrator(client)
    first = {**typed(INSTALLATION), "telephone": "05 37 00 00 11", "version": "1"}
    assert client.post("/staff/letterheads/installation", data=first).status_code == 302
    second = {**first, "telephone": "05 37 00 00 12"}
    moved = client.post("/staff/letterheads/installation", data=second)
    assert (
        moved.status_code == 409
        and "05 37 00 00 12" in moved.text
        and 'name="version" value="2"' in moved.text
    )
    for path in ("mark", "picture"):
        late = client.post(f"/staff/letterheads/installation/{path}", data={"version": "1"})
        assert late.status_code == 409 and "05 37 00 00 11" in late.text
    with pytest.raises(Stale), writing():
        actions.save(SYSTEM, INSTALLATION, LETTERHEADS[INSTALLATION], 0)
    db.session.rollback()


def test_only_who_answers_for_a_place_writes_its_letterhead(client: FlaskClient) -> None:
    host = organisations.by_key("inpt")
    assert host is not None
    signed_in(client, Role.PROGRAMME_ADMINISTRATOR, intake_of("mdia"))
    page = client.get("/staff/letterheads")
    assert page.status_code == 200 and "Votre rôle n’écrit aucun en-tête" in page.text
    for place in (INSTALLATION, host.reference):
        assert client.get(f"/staff/letterheads/{place}").status_code == 404
        assert client.post(f"/staff/letterheads/{place}", data={"version": "0"}).status_code == 404


def test_the_administrator_of_a_host_writes_its_own_and_not_the_site_s(client: FlaskClient) -> None:
    host = organisations.by_key("inpt")
    assert host is not None
    signed_in(client, Role.PROGRAMME_ADMINISTRATOR, intake_of("mdia"), host.path)
    page = client.get("/staff/letterheads").text
    assert host.reference in page and "/staff/letterheads/installation" not in page
    sent = {**typed("inpt"), "version": "0"}
    assert client.post(f"/staff/letterheads/{host.reference}", data=sent).status_code == 302
    assert "INPT" in parts(client.get("/programmes/mdia").text)[1]
    assert client.get("/staff/letterheads/installation").status_code == 404


def test_a_company_has_no_letterhead(client: FlaskClient) -> None:
    administrator(client)
    company = organisations.by_key("inwi")
    assert company is not None and client.get(f"/staff/letterheads/{company.reference}").status_code == 404
    with pytest.raises(NotFound):
        queries.get_for(SYSTEM, company.reference)


@pytest.mark.postgres_only
def test_the_database_lets_an_institution_write_its_own_alone(app: Flask, told: None) -> None:
    host, root = organisations.by_key("inpt"), organisations.by_key("ma")
    assert host is not None and root is not None
    mine, theirs = host.id, root.id
    db.session.rollback()
    changed = sa.update(KeptLetterhead).values(telephone="0").execution_options(synchronize_session=False)
    with app.app_context():
        see([mine], None)
        assert len(db.session.execute(sa.select(KeptLetterhead.telephone)).all()) == 2, "read by everybody"
        db.session.rollback()
        with writing():
            see([mine], None)
            assert db.session.execute(changed).rowcount == 1  # type: ignore[attr-defined]
        for number, where in ((theirs, theirs), (None, 0), (mine, theirs)):
            row = KeptLetterhead(institution_id=number, place=where, texts={})
            with pytest.raises(sa.exc.ProgrammingError, match="row-level security"), writing():
                see([mine], None)
                db.session.add(row)
                db.session.flush()
            db.session.rollback()
        with writing():
            see([0], None)
            assert db.session.execute(changed).rowcount == 1  # type: ignore[attr-defined]


def picture(kind: str, side: int = 500) -> bytes:
    packed = io.BytesIO()
    Image.effect_noise((side, side), 120).convert("RGB").save(packed, kind)
    return packed.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_mark_is_made_small(kind: str) -> None:
    made = actions.prepare_mark(picture(kind))
    with Image.open(io.BytesIO(made)) as seen:
        assert (seen.format, max(seen.size)) == ("WEBP", MARK_SIDE)
    assert len(made) <= MOST_MARK


def test_a_mark_is_sent_shown_kept_by_browsers_and_taken_down(
    app: Flask, client: FlaskClient, told: None
) -> None:
    administrator(client)
    place = "/staff/letterheads/installation"
    sent = {"mark": (io.BytesIO(drawn_mark()), "logo.png"), "version": "1"}
    assert client.post(f"{place}/mark", data=sent).status_code == 302
    stranger = client.application.test_client()
    found = re.search(r'<img class="mark" src="(/marks/[0-9a-f]{16}\.webp)" alt=""', stranger.get("/").text)
    assert found is not None
    answer = client.get(found[1])
    assert answer.mimetype == "image/webp" and "immutable" in answer.headers["Cache-Control"]
    assert len(answer.data) <= MOST_MARK
    wrong = client.post(f"{place}/mark", data={"mark": (io.BytesIO(b"no"), "logo.png"), "version": "2"})
    assert wrong.status_code == 422 and "ne se lit pas" in wrong.text
    assert client.post(f"{place}/mark", data={"version": "2"}).status_code == 302
    assert "/marks/" not in stranger.get("/").text and client.get(found[1]).status_code == 404


def test_there_is_no_mark_without_a_name_and_none_of_nothing(client: FlaskClient) -> None:
    administrator(client)
    sent = {"mark": (io.BytesIO(drawn_mark()), "logo.png"), "version": "0"}
    answer = client.post("/staff/letterheads/installation/mark", data=sent)
    assert answer.status_code == 422 and "Écrivez d’abord le nom" in answer.text
    assert client.get("/marks/.webp").status_code == 404
    digest = with_mark(INSTALLATION)
    assert client.get(f"/marks/{digest}.webp").status_code == 200
