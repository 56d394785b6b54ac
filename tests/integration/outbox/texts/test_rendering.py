"""Messages in words, by batches: mixed keys, languages and channels, one of which fails alone."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask

from cohortmgr.base.i18n import speaking
from cohortmgr.outbox import hooks
from cohortmgr.outbox.delivery.actions.digests import composed
from cohortmgr.outbox.hooks import TextKey
from cohortmgr.outbox.models import Message
from cohortmgr.outbox.notices import declared
from cohortmgr.outbox.texts.display.dress import page_of
from cohortmgr.outbox.texts.display.rendering import Rendered, render_all, short_as_sent
from cohortmgr.outbox.texts.segments import measured

pytestmark = pytest.mark.usefixtures("system_context")


@dataclass(frozen=True)
class Text:
    """An edited text."""

    number: int
    subject: str
    body: str


def message(key: str, language: str = "fr", channel: str = "email", institution: int | None = 1) -> Message:
    """One that is not in any table."""
    return Message(key=key, language=language, channel=channel, institution_id=institution)


def content(key: str, **more: Any) -> dict[str, Any]:
    """The declared examples as what fills it."""
    return {"variables": {**{each.name: each.example for each in declared[key].variables}, **more}}


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[set[TextKey]]:
    """What the edited texts are asked for; there are three, of institution 1."""
    seen: list[set[TextKey]] = []
    texts = {
        (1, "offer_made", "email", "fr"): Text(1, "Place : {deadline}", "Chère {name},\n\n{link}\n\n{{ok}}"),
        (1, "offer_made", "sms", "fr"): Text(1, "", "Place « {offering} » l’été : {deadline} {link}"),
        (1, "refused", "email", "fr"): Text(1, "Non", "Pourquoi :\n{reasons}\n\nle {starts_on}"),
    }

    def stored(keys: set[TextKey]) -> Mapping[TextKey, Text]:
        seen.append(keys)
        return {key: text for key, text in texts.items() if key in keys}

    monkeypatch.setattr(hooks.stored, "act", stored)
    return seen


def words(found: Rendered | Exception) -> Rendered:
    """What must not be an error."""
    assert isinstance(found, Rendered), found
    return found


def test_a_batch_asks_once_and_keeps_its_order(asked: list[set[TextKey]]) -> None:
    kinds = [("offer_made", "fr", "email"), ("offer_made", "ar", "email"), ("offer_made", "fr", "sms"),
             ("refused", "fr", "inbox"), ("sign_in_code", "en", "email"), ("offer_made", "fr", "email")]  # fmt: skip
    batch = [message(key, language, channel) for key, language, channel in kinds]
    found = [words(each) for each in render_all(batch, [content(key) for key, *_ in kinds])]
    assert len(asked) == 1 and (1, "refused", "email", "fr") in asked[0], "read in the application as by mail"
    assert found[0].subject == found[5].subject == "Place : jeudi 20 mai 2027, 13 h"
    assert found[0].text == "Chère Salma Bennis,\n\nhttp://127.0.0.1:8000/my/offers/7K3QXPB2M4\n\n{ok}\n"
    assert found[1].html is not None and 'dir="rtl"' in found[1].html
    assert found[2] == Rendered(
        "", 'Place "Rabat" l\'été : jeudi 20 mai 2027, 13 h http://127.0.0.1:8000/my/offers/7K3QXPB2M4', None
    )
    assert found[3].html is None and "\n- Votre rang\xa0: 84.\n" in found[3].text
    assert found[3].text.endswith("le mercredi 15 septembre 2027\n")
    assert found[4].html is not None and 'lang="en"' in found[4].html


def test_another_institution_has_the_house_s_text(asked: list[set[TextKey]]) -> None:
    batch = [message("offer_made", institution=2), message("offer_made", institution=None)]
    found = [words(each) for each in render_all(batch, [content("offer_made")] * 2)]
    assert found[0] == found[1] and found[0].subject.startswith("Une place vous est proposée")


def test_the_channel_it_leaves_by_may_be_another(asked: list[set[TextKey]]) -> None:
    [found] = render_all([message("offer_made")], [content("offer_made")], ["sms"])
    assert words(found).subject == "" and asked == [{(1, "offer_made", "sms", "fr")}]


def test_one_that_cannot_be_put_into_words_does_not_keep_the_others(asked: list[set[TextKey]]) -> None:
    bare: dict[str, Any] = {"variables": {}}
    batch = [message("offer_made"), message("unheard_of"), message("offer_made")]
    found = render_all(batch, [bare, bare, content("offer_made")])
    assert [isinstance(each, Exception) for each in found] == [True, True, False]
    assert render_all([], []) == []


def test_values_are_words_and_nothing_else(asked: list[set[TextKey]]) -> None:
    evil = "{deadline} {{ 7*7 }} <script>alert(1)</script> \"'&\nBcc: x@y.ma"
    for institution in (1, 2):
        [found] = render_all(
            [message("offer_made", institution=institution)], [content("offer_made", name=evil)]
        )
        shown = words(found)
        assert shown.html is not None and "<script" not in shown.html and "49" not in shown.text
        assert "{deadline} {{ 7*7 }}" in shown.text and "\n" not in shown.subject


def test_the_page_of_a_mail_is_whole_and_asks_nothing_of_others() -> None:
    for spoken, direction in (("fr", "ltr"), ("ar", "rtl"), ("en", "ltr")):
        with speaking(spoken):
            page = page_of("Objet <b>", "Un @@body@@ & un\n\n- point 12\n\nhttps://a.ma/x", "Programme <i>")
        assert page.startswith("<!DOCTYPE html>") and f'lang="{spoken}" dir="{direction}"' in page
        assert "Objet &lt;b&gt;" in page and "Programme &lt;i&gt;" in page and "Un @@body@@ &amp; un" in page
        assert "prefers-color-scheme: dark" in page and len(page.encode()) < 15_000
        assert not re.search(r"<(img|link|script|iframe|form)|url\(|@import|src=", page)
        assert "<!--" not in page and page.count("https://a.ma/x") == 3


def test_the_dress_is_made_once_a_language(system_app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    with speaking("fr"):
        page_of("a", "b")
    monkeypatch.setattr("css_inline.CSSInliner", None)
    with speaking("fr"):
        assert "<h1" in page_of("c", "d")


INPT = hooks.Signature(
    "Institut national", "INPT", "05 37 00 00 27", ("Madinat Al Irfane", "Tél. 05 37 00 00 27")
)


@pytest.fixture
def signed(monkeypatch: pytest.MonkeyPatch) -> list[int | None]:
    """Institution 1 signs, no other does; who was asked for."""
    seen: list[int | None] = []

    def sign(number: int | None) -> hooks.Signature | None:
        seen.append(number)
        return INPT if number == 1 else None

    monkeypatch.setattr(hooks.signatures, "act", sign)
    return seen


def test_a_mail_is_signed_in_its_text_its_page_and_its_sender(
    asked: list[set[TextKey]], signed: list[int | None]
) -> None:
    for key in ("offer_made", "refused", "sign_in_code"):  # an edited text, and the house's own
        mine, other = (
            words(render_all([message(key, institution=number)], [content(key)])[0]) for number in (1, 2)
        )
        assert mine.sender == "INPT" and other.sender == ""
        assert (
            mine.text == f"{mine.unsigned}\n-- \nInstitut national\nMadinat Al Irfane\nTél. 05 37 00 00 27\n"
        )
        assert (
            mine.html is not None
            and "<strong>Institut national</strong>" in mine.html
            and ">INPT" in mine.html
        )
        assert other.html is not None and "cohortmgr" not in other.html.replace("cohortmgr.example", "")
        assert "@@" not in mine.html + other.html and other.text == other.unsigned


@pytest.mark.parametrize("language", ["fr", "ar", "en"])
@pytest.mark.parametrize("key", sorted(declared))
def test_a_short_message_names_who_sends_it_and_where_to_ask(
    key: str, language: str, signed: list[int | None]
) -> None:
    found, bare = (
        words(render_all([message(key, language, "sms", number)], [content(key)])[0]).text
        for number in (1, 2)
    )
    assert re.match(r"INPT\s?: ", found) and found.startswith(f"{found.partition(': ')[0]}: {bare}")
    has_link = "http" in bare
    assert found.endswith("0537000027") or not has_link
    if not found.endswith("0537000027"):
        assert measured(found).segments < measured(f"{found} Tel 0537000027").segments
    assert not measured(found).forcing or language == "ar" or measured(bare).forcing


def test_what_is_read_in_the_application_has_its_page_s_head_and_no_signature(
    signed: list[int | None],
) -> None:
    found = words(render_all([message("offer_made", channel="inbox")], [content("offer_made")])[0])
    assert "Institut national" not in found.text and found.html is None


def test_a_digest_is_signed_once() -> None:
    def letter(number: int) -> Rendered:
        return Rendered(f"Objet {number}", f"Un {number}\n\n-- \nINPT\n", None, "INPT", f"Un {number}\n")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hooks.signatures, "act", lambda number: INPT if number == 1 else None)
        found = composed("fr", [letter(1), letter(2)], 1)
    assert found.text.count("-- \n") == 1 and "Un 1" in found.text and "Un 2" in found.text
    assert found.text.rstrip().endswith("Tél. 05 37 00 00 27")


@pytest.mark.parametrize("written", ["INPT : votre carte vous attend.", "INPT: votre carte vous attend."])
def test_a_text_that_begins_with_the_sender_s_name_bears_it_once(
    written: str, signed: list[int | None]
) -> None:
    with speaking("fr"):
        said = short_as_sent(written, 1, "fr")
    assert said.startswith("INPT : votre carte vous attend.") and said.count("INPT") == 1, said
