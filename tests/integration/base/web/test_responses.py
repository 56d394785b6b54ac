"""What every page shares."""

from __future__ import annotations

from flask.testing import FlaskClient

PHRASE = "une phrase assez longue"


def test_a_form_without_its_token_is_sent_again_by_hand_if_it_is_ours(protected_client: FlaskClient) -> None:
    fields = {"email": "<a@exemple.ma>", "password": PHRASE, "csrf_token": "old"}
    own, other = {"Origin": "http://localhost"}, {"Origin": "http://elsewhere.example"}
    page = protected_client.post("/sign-up", data=fields, headers=own)
    assert page.status_code == 400 and page.headers["Cache-Control"] == "no-store"
    assert 'name="email" value="&lt;a@exemple.ma&gt;"' in page.text
    assert PHRASE not in page.text and 'value="old"' not in page.text
    for headers in (other, {"Origin": "null"}, {}):
        assert "@exemple.ma" not in protected_client.post("/sign-up", data=fields, headers=headers).text
    assert "@exemple.ma" not in protected_client.post("/sign-up", json=fields, headers=own).text
