"""The picture of a programme: put up by its staff alone, small, seen at once, and by nobody before it is published."""

from __future__ import annotations

import io
import re

import pytest
from flask.testing import FlaskClient, FlaskCliRunner
from PIL import Image

from cohortmgr.accounts.rules import ANONYMOUS, SYSTEM, Role
from cohortmgr.base.db import writing
from cohortmgr.base.errors import NotFound, NotPermitted, Stale
from cohortmgr.programmes.pictures.actions import BOX, MOST, prepare_picture, put_picture
from cohortmgr.programmes.pictures.queries import picture_of
from cohortmgr.programmes.queries import intake_of, programme_by_key
from tests.factories.lives import signed_in

pytestmark = pytest.mark.usefixtures("system_context")
PAGE = "/staff/programmes/mdia/picture"


@pytest.fixture(autouse=True)
def loaded(runner: FlaskCliRunner) -> None:
    assert runner.invoke(args=["programmes", "load", "mdia", "--publish"]).exit_code == 0


def photo() -> bytes:
    packed = io.BytesIO()
    Image.radial_gradient("L").resize((1600, 900)).convert("RGB").save(packed, "JPEG")
    return packed.getvalue()


def version_in(page: str) -> str:
    found = re.search(r'name="version" value="(\d+)"', page)
    assert found is not None
    return found[1]


def test_it_is_put_up_seen_at_once_and_taken_down(client: FlaskClient) -> None:
    bare = client.get("/programmes/mdia").text
    assert "programme-picture" not in bare
    signed_in(client, Role.PROGRAMME_ADMINISTRATOR, intake_of("mdia"))
    page = client.get(PAGE).text
    assert "n’a pas d’image" in page
    sent = {"picture": (io.BytesIO(photo()), "salle.jpg"), "version": version_in(page)}
    assert client.post(PAGE, data=sent).status_code == 302
    stranger = client.application.test_client()
    found = re.search(
        r'<img class="programme-picture" src="(/pictures/[0-9a-f]{16}\.webp)" alt=""',
        stranger.get("/programmes/mdia").text,
    )
    assert found is not None
    answer = stranger.get(found[1])
    assert answer.mimetype == "image/webp" and "immutable" in answer.headers["Cache-Control"]
    with Image.open(io.BytesIO(answer.data)) as seen:
        assert seen.size == BOX
    assert len(answer.data) <= MOST
    page = client.get(PAGE).text
    assert client.post(PAGE, data={"version": version_in(page)}).status_code == 302
    assert "programme-picture" not in stranger.get("/programmes/mdia").text
    assert stranger.get(found[1]).status_code == 404


def test_what_is_no_picture_is_said_at_its_field(client: FlaskClient) -> None:
    signed_in(client, Role.PROGRAMME_ADMINISTRATOR, intake_of("mdia"))
    version = version_in(client.get(PAGE).text)
    answer = client.post(PAGE, data={"picture": (io.BytesIO(b"MZ"), "a.exe"), "version": version})
    assert answer.status_code == 422 and 'href="#picture"' in answer.text and "ne se lit pas" in answer.text


def test_who_does_not_manage_the_programme_changes_nothing(client: FlaskClient) -> None:
    signed_in(client, Role.SELECTION_MANAGER, intake_of("mdia"))
    assert client.get(PAGE).status_code == 404
    assert client.post(PAGE, data={"version": "1"}).status_code == 404
    with pytest.raises(NotPermitted), writing():
        put_picture(ANONYMOUS, "mdia", None, 1)


def test_two_who_change_it_at_once_do_not_overwrite_each_other() -> None:
    programme = programme_by_key("mdia")
    assert programme is not None
    before = programme.version
    with writing():
        put_picture(SYSTEM, "mdia", prepare_picture(photo()), before)
    with pytest.raises(Stale), writing():
        put_picture(SYSTEM, "mdia", None, before)


def test_the_picture_of_a_programme_in_preparation_is_its_staff_s(runner: FlaskCliRunner) -> None:
    assert runner.invoke(args=["programmes", "load", "jobintech"]).exit_code == 0
    programme = programme_by_key("jobintech")
    assert programme is not None and programme.published_at is None
    with writing():
        digest = put_picture(SYSTEM, "jobintech", prepare_picture(photo()), programme.version).picture_digest
    assert digest and picture_of(SYSTEM, digest)
    with pytest.raises(NotFound):
        picture_of(ANONYMOUS, digest)
