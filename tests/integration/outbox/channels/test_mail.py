"""An e-mail as bytes: what a reader's program makes of it, and whether its signature holds."""

from __future__ import annotations

import base64
from collections.abc import Callable
from email import message_from_bytes, policy
from email.message import EmailMessage

import dkim
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cohortmgr.outbox.channels.actions.mail import OutgoingMail, compose, encoded_words
from cohortmgr.outbox.channels.actions.smtp import ended

pytestmark = [pytest.mark.usefixtures("system_context"), pytest.mark.sqlite_only]
ARABIC = "تم قبولكم في الماستر، والمرجو تأكيد المقعد قبل الثلاثاء 12 ماي 2026.\n" * 5
FRENCH = "Bonjour,\n\n.Une ligne qui commence par un point\n.\nÀ bientôt — l’équipe = nous\n"
HTML = "<p>Réponse = <b>oui</b></p>\n" * 40


def read(mail: OutgoingMail) -> EmailMessage:
    data = compose(mail)
    assert data.isascii() and b"\n" not in data.replace(b"\r\n", b"")
    assert max(map(len, data.split(b"\r\n"))) <= 998
    return message_from_bytes(data, policy=policy.default)


@pytest.mark.parametrize("text", [FRENCH, ARABIC, "ascii\n", "a" * 2000 + "\n", "fin d’une ligne  \n"])
def test_a_text_comes_back_as_it_was(text: str) -> None:
    mail = read(OutgoingMail("R1", "fr", "a@b.ma", "Votre réponse", text))
    assert mail.get_content().replace("\r\n", "\n") == text
    assert (mail["Subject"], mail["To"], mail["Content-Language"]) == ("Votre réponse", "a@b.ma", "fr")
    assert mail["From"] == "cohortmgr <ne-pas-repondre@cohortmgr.example>" and not mail.defects


@pytest.mark.parametrize("text", [FRENCH, ARABIC])
def test_with_html_there_are_two_ways_to_read_it(text: str) -> None:
    mail = read(OutgoingMail("R2", "ar", "a@b.ma", "رد", text, HTML))
    assert mail.get_content_type() == "multipart/alternative"
    plain, html = mail.iter_parts()
    assert plain.get_content().replace("\r\n", "\n") == text
    assert html.get_content().replace("\r\n", "\n") == HTML


def test_more_headers_are_written_and_none_can_make_another() -> None:
    more = {"List-Unsubscribe": "<https://x.ma/u/é>", "Reply-To": "a@b.ma\r\nBcc: x@y.ma"}
    mail = read(OutgoingMail("R3", "fr", "a@b.ma\nBcc: c@d.ma", "Un\r\nBcc: e@f.ma", "x", None, more))
    assert mail["Bcc"] is None and mail["Subject"] == "Un Bcc: e@f.ma"
    assert mail["List-Unsubscribe"] == "<https://x.ma/u/é>"
    with pytest.raises(ValueError, match="name of a header"):
        compose(OutgoingMail("R3", "fr", "a@b.ma", "s", "x", None, {"A: b\r\nBcc": "c"}))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=200))
def test_a_subject_of_any_letters_comes_back(subject: str) -> None:
    subject = "".join(c for c in subject if c.isprintable())
    from email.header import decode_header, make_header

    line = encoded_words(subject, 9)
    assert line.isascii() and all(len(part) <= 76 for part in line.split("\r\n ")) or line == subject.strip()
    assert str(make_header(decode_header(line))) == subject.strip()


def test_a_line_that_begins_with_a_dot_travels_with_two() -> None:
    assert ended(b"a\r\n.b\r\n..\r\n") == b"a\r\n..b\r\n...\r\n.\r\n"
    assert ended(b".a") == b"..a\r\n.\r\n"


@pytest.fixture(scope="module")
def pair() -> tuple[bytes, bytes]:
    """A private key in PEM, and the record that publishes its other half."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
    public = key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return pem, b"v=DKIM1; k=rsa; p=" + base64.b64encode(public)


@pytest.mark.parametrize("where", ["file", "base64"])
def test_a_signature_holds_until_a_word_is_changed(
    where: str,
    pair: tuple[bytes, bytes],
    setting: Callable[..., None],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    pem, record = pair
    key = tmp_path_factory.mktemp("keys") / "dkim.pem"
    key.write_bytes(pem)
    setting(
        dkim_key=str(key) if where == "file" else base64.b64encode(pem).decode(),
        dkim_selector="s2026",
        dkim_domain="inpt.example",
    )
    more = {"List-Unsubscribe": "<https://x.ma/u>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
    data = compose(OutgoingMail("R4", "ar", "a@b.ma", "رد على ترشيحكم", ARABIC, HTML, more))
    asked: list[bytes] = []

    def dns(name: bytes, timeout: int = 5) -> bytes:
        asked.append(name)
        return record

    assert dkim.verify(data, dnsfunc=dns) and asked == [b"s2026._domainkey.inpt.example."]
    signature = message_from_bytes(data)["DKIM-Signature"].replace("\n", "").replace(" ", "")
    for name in ("from", "to", "subject", "date", "message-id", "list-unsubscribe", "list-unsubscribe-post"):
        assert name in signature.partition("h=")[2].partition(";")[0].lower().replace("\r", "").split(":")
    for spoilt in (
        data.replace(b"a@b.ma", b"c@d.ma"),
        data.replace(b"</b>", b"</i>"),
        data.replace(b"/u>", b"/v>"),
        # A second one, which many programs show in place of the signed one; of Reply-To the first.
        b"From: Autre <autre@exemple.com>\r\n" + data,
        b"Subject: Payez ici\r\n" + data,
        b"To: autre@exemple.com\r\n" + data,
        b"Date: Sat, 28 Nov 2026 10:00:00 +0000\r\n" + data,
        b"Reply-To: autre@exemple.com\r\n" + data,
        b"Content-Type: text/plain\r\n" + data,
    ):
        assert spoilt != data and not dkim.verify(spoilt, dnsfunc=dns)


def test_a_key_that_is_none_is_said(setting: Callable[..., None]) -> None:
    setting(dkim_key="nowhere.pem")
    with pytest.raises(ValueError, match="COHORTMGR_DKIM_KEY"):
        compose(OutgoingMail("R5", "fr", "a@b.ma", "s", "x"))


@pytest.mark.parametrize("name", ["INPT", "Institut national, Rabat", "الانتقال الرقمي", 'A "B" <x@y.ma>'])
def test_it_comes_from_who_signs_it_at_the_address_of_the_settings(name: str) -> None:
    mail = read(OutgoingMail("R6", "fr", "a@b.ma", "s", "x", sender=name))
    [sender] = mail["From"].addresses
    assert (sender.display_name, sender.addr_spec) == (name, "ne-pas-repondre@cohortmgr.example")
    assert not mail.defects
    mail = read(OutgoingMail("R7", "fr", "a@b.ma", "s", "x", sender="Un\r\nBcc: e@f.ma"))
    assert mail["Bcc"] is None and mail["From"].addresses[0].addr_spec == "ne-pas-repondre@cohortmgr.example"
