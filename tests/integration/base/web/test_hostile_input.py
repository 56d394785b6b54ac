"""What no page of ours sends: forms read texts alone, and what is read is bounded where it enters."""

from __future__ import annotations

import io
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from wtforms import FileField, HiddenField, StringField

from cohortmgr.accounts.actions import people
from cohortmgr.accounts.rules import SYSTEM
from cohortmgr.base.db import writing
from cohortmgr.base.forms import HouseForm, WholeField
from cohortmgr.base.typed import MOST
from cohortmgr.base.web.responses import local_target

PHRASE = "une phrase assez longue"
# Forms that anybody reaches without signing in.
PUBLIC = ("/sign-in", "/sign-up", "/password", "/tell-me", "/guardian")


class SampleForm(HouseForm):
    """A form with a field of each kind."""

    text = StringField()
    number = HiddenField()
    count = WholeField()
    file = FileField()


def filled(app: Flask, **sent: Any) -> SampleForm:
    """The form as a page fills it that has put a number into the hidden field."""
    with app.test_request_context("/", method="POST", **sent):
        return SampleForm(data={"text": "held", "number": 7, "count": 3})


@pytest.mark.parametrize("path", PUBLIC)
@pytest.mark.parametrize(
    "sent",
    [
        {"json": {"email": {"a": 1}, "contact": [1], "password": 5}},
        {"json": [["email"]]},
        {"data": "[" * 90_000, "content_type": "application/json"},
        {"data": {"email": b"x", "password": b"y"}},
        {"data": {}},
    ],
    ids=["tables", "lists", "deep", "files", "nothing"],
)
def test_a_public_form_reads_texts_alone(client: FlaskClient, path: str, sent: dict[str, Any]) -> None:
    if isinstance(sent.get("data"), dict):
        files = {name: (io.BytesIO(content), f"{name}.png") for name, content in sent["data"].items()}
        sent = {"data": files}
    assert client.post(path, **sent).status_code < 500


def test_a_form_takes_files_only_where_it_asks_for_them(app: Flask) -> None:
    both = {"text": (io.BytesIO(b"x"), "x"), "file": (io.BytesIO(b"y"), "y"), "number": "4"}
    form = filled(app, data=both)
    assert form.text.data != b"x" and isinstance(form.text.data, str)
    assert form.file.data.filename == "y" and form.number.data == "4"


def test_a_text_that_was_not_sent_is_a_text(app: Flask) -> None:
    form = filled(app, data={"text": "typed"})
    assert (form.text.data, form.number.data) == ("typed", "")
    assert filled(app, json={"text": {"a": 1}, "number": 4}).number.data in ("", 7)


@pytest.mark.parametrize(
    ("text", "number"), [("9" * 401, MOST), ("-" + "9" * 401, -MOST), ("12", 12), ("x", None)]
)
def test_a_number_of_any_length_is_a_number_that_a_range_can_refuse(
    app: Flask, text: str, number: int | None
) -> None:
    form = filled(app, data={"count": text})
    assert form.count.data == number


@pytest.mark.parametrize("target", ["/my\r\nX-A: b", "/my\n", "/\tmy", "/my\x00", "/my\x7f", "/my\u2028"])
def test_no_target_takes_a_line_end(target: str) -> None:
    assert local_target(target) is None


def test_signing_in_leads_home_when_the_address_holds_a_line_end(
    client: FlaskClient, system_app: Flask
) -> None:
    with system_app.app_context(), writing():
        hashed = people.prepare_password(PHRASE, "une@exemple.ma")
        people.new_account(SYSTEM, "une@exemple.ma", hashed, {"given_name": "Une"})
    answer = client.post(
        "/sign-in?next=/my%0d%0aX-A:%20b", data={"email": "une@exemple.ma", "password": PHRASE}
    )
    assert answer.status_code == 302 and "X-A" not in answer.headers
    assert answer.location in ("/my", "/staff")


@pytest.mark.parametrize("address", ["/programmes/a%00b", "/?page=%00", "/?%00=1", "/help/%00"])
def test_an_address_that_no_database_keeps_is_not_found(client: FlaskClient, address: str) -> None:
    assert client.get(address).status_code == 404


@pytest.mark.parametrize("page", ["9" * 400, "-1", "0", "x", "1e9", "٣", "9999999999999999999"])
def test_a_page_number_is_bounded(client: FlaskClient, system_app: Flask, page: str) -> None:
    with system_app.app_context(), writing():
        account = people.new_account(SYSTEM, "une@exemple.ma", "no hash", {"given_name": "Une"})
        token = people.open_session(account.id)
    with client.session_transaction() as session:
        session["_user_id"], session["_fresh"] = token, True
    assert client.get(f"/my/messages?page={page}").status_code in (200, 404)
