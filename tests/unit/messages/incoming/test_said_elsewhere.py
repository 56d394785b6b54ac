"""Reasons and answers that stand where they are not sought first: other fields, the letter, the subject."""

from __future__ import annotations

import pytest

from cohortmgr.messages.incoming.rules import Bounce, Reply, read_mail
from cohortmgr.messages.undelivered.rules import DeliveryTroubleKind
from tests.unit.messages.incoming.test_rules import DOMAIN, REFERENCE, report

HEAD = f"From: MAILER-DAEMON@relais.exemple.ma\nTo: bounces+{REFERENCE}@{DOMAIN}\nSubject: Undeliverable"


def bounced(fields: str, letter: str = "This is the mail system.") -> Bounce:
    raw = report(HEAD, f"Final-Recipient: rfc822; x@exemple.ma\nAction: failed\n{fields}")
    found = read_mail(raw.replace(b"This is the mail system.", letter.encode()), DOMAIN).what
    assert isinstance(found, Bounce) and found.reference == REFERENCE
    return found


@pytest.mark.parametrize(
    ("fields", "letter", "status"),
    [
        ('Status: 5.0.0\nX-Supplementary-Info: <1.2.3.4 #5.0.0 smtp; 552 "Mailbox full">', "", "5.2.2"),
        ('Status: 5.0.0\nX-Supplementary-Info: <1.2.3.4 #5.0.0 smtp; 550 "Unknown User">', "", "5.1.1"),
        ("Status: 5.0.0", "La boîte aux lettres du destinataire est pleine.", "5.2.2"),
        ("Status: 5.0.0\nDiagnostic-Code: smtp; 554 failed", "x@exemple.ma: over quota", "5.2.2"),
        ("Status: 5.5.0\nDiagnostic-Code: smtp; 550 5.5.0 mailbox unavailable (S201)", "", "5.1.1"),
        ("Status: 5.5.0", "", "5.5.0"),
        ("Status: 5.0.0", "Rien de plus.", "5.0.0"),
        # What a field says is not doubted for what stands around it.
        ("Status: 5.1.1\nX-Note: mailbox full", "Votre boîte est pleine.", "5.1.1"),
        ("X-Note: smtp; 550 5.2.2 full", "", "5.2.2"),
        # A relay that calls a full mailbox a wrong address is not believed, as the server behind it says better.
        ("Status: 5.1.1\nDiagnostic-Code: smtp; 552 5.2.2 mailbox full", "", "5.2.2"),
        ("Status: 5.7.1\nDiagnostic-Code: smtp; 554 over quota", "", "5.2.2"),
        ("Status: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 unknown", "", "5.1.1"),
        (
            "Status: 5.4.1\nDiagnostic-Code: smtp; 550 5.4.1 Recipient address rejected: Access denied. AS(201806281)",
            "",
            "5.1.1",
        ),
        ("Status: 5.4.1\nDiagnostic-Code: smtp; 550 5.4.1 no answer from host", "", "5.4.1"),
    ],
)
def test_a_reason_is_sought_wherever_servers_say_it(fields: str, letter: str, status: str) -> None:
    assert bounced(fields, letter).status == status


def test_a_full_mailbox_is_no_wrong_address_wherever_it_is_said() -> None:
    full = bounced("Status: 5.0.0", "The recipient's mailbox is full.")
    assert full.kind is DeliveryTroubleKind.UNREACHABLE
    assert bounced("Status: 5.0.0").kind is DeliveryTroubleKind.BOUNCE


@pytest.mark.parametrize(
    ("action", "status", "kind"),
    [
        ("failed", "5.1.1", DeliveryTroubleKind.BOUNCE),
        ("failure", "5.1.1", DeliveryTroubleKind.BOUNCE),
        ("undeliverable", "5.1.1", DeliveryTroubleKind.BOUNCE),
        ("undeliverable", "4.4.1", None),
        ("delayed", "5.1.1", None),
        ("relayed (to x)", "2.0.0", None),
        ("expanded", "2.0.0", None),
    ],
)
def test_what_a_server_calls_a_failure(action: str, status: str, kind: DeliveryTroubleKind | None) -> None:
    found = read_mail(report(HEAD, f"Action: {action}\nStatus: {status}"), DOMAIN).what
    assert isinstance(found, Bounce) and found.kind is kind


def test_a_sender_that_a_relay_signed_is_ours() -> None:
    raw = report(HEAD.replace("bounces+", "prvs=190694bd6d=bounces+"), "Action: failed\nStatus: 5.1.1")
    found = read_mail(raw, DOMAIN).what
    assert isinstance(found, Bounce) and found.reference == REFERENCE


def answered(subject: str, body: bytes, charset: str = "") -> Reply:
    kind = f"Content-Type: text/plain; charset={charset}\n" if charset else ""
    head = f"From: Hajar <h@exemple.ma>\nTo: x@{DOMAIN}\nIn-Reply-To: <{REFERENCE}@{DOMAIN}>\n"
    head += f"Subject: {subject}\n{kind}"
    found = read_mail(head.encode() + b"\n" + body, DOMAIN).what
    assert isinstance(found, Reply)
    return found


@pytest.mark.parametrize(
    ("subject", "body", "text"),
    [
        ("J'accepte ma place", b"", "J'accepte ma place"),
        ("J'accepte ma place", b"Merci.", "J'accepte ma place\n\nMerci."),
        ("Re: J'accepte ma place", b"\n", "Re: J'accepte ma place"),
        ("Re: Votre place", b"Oui.", "Oui."),
        ("[INPT] RE : Votre place", b"Oui.", "Oui."),
        ("Tr: Votre place", b"Oui.", "Oui."),
        ("Retard demain", b"Oui.", "Retard demain\n\nOui."),
        ("", b"Oui.", "Oui."),
    ],
)
def test_what_a_person_wrote_as_the_subject_is_theirs(subject: str, body: bytes, text: str) -> None:
    found = answered(subject, body)
    assert (found.text, found.shown) == (text, text)


def test_arabic_without_a_charset_is_read() -> None:
    said = "أقبل المقعد وشكرا جزيلا لكم"
    assert answered("Re: x", said.encode("cp1256")).text == said
    assert answered("Re: x", said.encode("cp1256"), "unknown-8bit").text == said
    assert answered("Re: x", "Déjà reçu, à bientôt".encode("cp1252")).text == "Déjà reçu, à bientôt"
