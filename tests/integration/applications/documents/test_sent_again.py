"""A paper that was owed is closed by its own sending: whoever did not get the answer sends it again, as if once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask.ctx import AppContext
from flask.testing import FlaskClient

from cohortmgr.accounts.rules import SYSTEM
from cohortmgr.applications.documents.actions import uploads
from cohortmgr.base import clock
from cohortmgr.base.db import writing
from cohortmgr.programmes.actions import load_definition
from tests.factories.working import Killed
from tests.integration.applications.documents.photos import asking, names, photo, place, send, standing
from tests.integration.applications.journey import steps
from tests.integration.applications.journey.steps import begin, sign_up


@pytest.fixture
def draft(system_context: AppContext, client: FlaskClient) -> Iterator[str]:
    with clock.at(steps.DURING):
        intake = steps.load_mdia()
        with writing():
            load_definition(SYSTEM, asking())
        sign_up(client)
        yield begin(client, intake)


@pytest.fixture
def owed(client: FlaskClient, draft: str) -> str:
    """A sent file whose paper was promised."""
    client.post(place(draft, "/promise"), data={"promised_for": "05/07/2027"})
    client.post(f"/my/applications/{draft}/form", data=steps.answers())
    assert client.post(f"/my/applications/{draft}/check").location.endswith(draft)
    return draft


def announced(client: FlaskClient, draft: str, content: bytes) -> str:
    answer = client.post(place(draft, "/uploads"), data={"name": "un.jpg", "size": str(len(content))})
    return str(answer.json["url"])  # type: ignore[index]


def whole(client: FlaskClient, url: str, content: bytes, start: int = 0) -> Any:
    return client.patch(
        url, data=content[start:], headers={"Upload-Offset": str(start), "Upload-Way": "replace"}
    )


def test_the_form_of_an_owed_paper_sent_twice_is_answered_as_once(client: FlaskClient, owed: str) -> None:
    files = ("un.jpg", photo()), ("deux.jpg", photo("blue"))
    for _ in range(2):
        assert send(client, owed, files[0], way="replace").location == place(owed)
    assert names() == ["un.jpg"] and standing().state == "received"
    for others in ([files[1]], list(files), [("un.jpg", photo("green"))], []):
        assert send(client, owed, *others).status_code == 409
    assert names() == ["un.jpg"]


@pytest.mark.parametrize("state", ["owed", "closed"])
def test_a_process_that_ends_between_a_paper_and_its_answer_loses_neither(
    client: FlaskClient,
    draft: str,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
    state: str,
) -> None:
    if state == "owed":
        request.getfixturevalue("owed")
    content = photo()
    url = announced(client, draft, content)

    def killed(*_given: object) -> None:
        raise Killed

    with monkeypatch.context() as patched, pytest.raises(Killed):
        patched.setattr(uploads, "settle", killed)
        whole(client, url, content)
    assert names() == ["un.jpg"]
    later = timedelta() if state == "owed" else steps.AFTER - steps.DURING
    with clock.at(steps.DURING + later):
        if later:
            client.post("/sign-in", data={"email": "zoe@exemple.ma", "password": steps.PASSWORD})
        answer = whole(client, url, content, len(content))
        assert (answer.status_code, answer.json["offset"]) == (200, len(content)), answer.text
        assert client.get(url).json == {"offset": len(content), "size": len(content)}
        assert whole(client, url, content, len(content)).status_code == 200
    assert names() == ["un.jpg"]
