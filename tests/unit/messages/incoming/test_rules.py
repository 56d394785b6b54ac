"""Reading what comes in by mail: reports as real servers write them, replies, and bytes that nobody foresaw."""

from __future__ import annotations

import time
from email.message import EmailMessage

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cohortmgr.messages.incoming.rules import (
    Automatic,
    Bounce,
    Complaint,
    Reply,
    Unknown,
    question_address,
    read_mail,
)
from cohortmgr.messages.undelivered.rules import DeliveryTroubleKind

DOMAIN = "courrier.exemple.ma"
REFERENCE = "7K3QXPB2M47K3QXPB2M47K3QXP"
OTHER = "0123456789ABCDEFGHJKMNPQRS"
TAG = "0123456789abcdef"


def report(
    head: str,
    status: str,
    original: str = "",
    kind: str = "delivery-status",
    part: str = "message/delivery-status",
) -> bytes:
    """A multipart/report of three parts."""
    return (
        f'{head}\nMIME-Version: 1.0\nContent-Type: multipart/report; report-type={kind};\n boundary="edge"\n\n'
        f"--edge\nContent-Type: text/plain; charset=us-ascii\n\nThis is the mail system.\n\n"
        f"--edge\nContent-Type: {part}\n\n{status}\n\n"
        f"--edge\n{original}\n--edge--\n"
    ).encode()


POSTFIX = report(
    f"Return-Path: <>\nFrom: MAILER-DAEMON@mx.exemple.ma (Mail Delivery System)\nTo: bounces+{REFERENCE}@{DOMAIN}\n"
    "Subject: Undelivered Mail Returned to Sender\nAuto-Submitted: auto-replied\nMessage-ID: <2026.1@mx.exemple.ma>",
    "Reporting-MTA: dns; mx.exemple.ma\nX-Postfix-Queue-ID: 4AB\nArrival-Date: Mon,  2 Mar 2026 10:00:00 +0000\n\n"
    "Final-Recipient: rfc822; personne@exemple.ma\nOriginal-Recipient: rfc822;personne@exemple.ma\nAction: failed\n"
    "Status: 5.1.1\nRemote-MTA: dns; mail.exemple.ma\n"
    "Diagnostic-Code: smtp; 550 5.1.1 <personne@exemple.ma>: Recipient address rejected: User unknown",
    "Content-Type: text/rfc822-headers\n\nMessage-ID: <not-ours@elsewhere>\nSubject: Bonjour",
)
GMAIL = report(
    f"From: Mail Delivery Subsystem <mailer-daemon@googlemail.com>\nTo: ne-pas-repondre@{DOMAIN}\n"
    "Auto-Submitted: auto-replied\nSubject: Delivery Status Notification (Failure)",
    "Reporting-MTA: dns; googlemail.com\n\nFinal-Recipient: rfc822; pleine@gmail.com\nAction: failed\nStatus: 5.2.2\n"
    "Diagnostic-Code: smtp; 552-5.2.2 The email account that you tried to reach is over quota.",
    f"Content-Type: message/rfc822\n\nMessage-ID: <{REFERENCE}@{DOMAIN}>\nFrom: a@b.ma\nSubject: Bonjour\n\nBonjour",
)
EXCHANGE = report(
    f"From: postmaster@contoso.onmicrosoft.com\nTo: bounces+{REFERENCE.lower()}@{DOMAIN.upper()}\n"
    "Subject: Undeliverable: Offre",
    "Reporting-MTA: dns;PR3P.eurprd09.prod.outlook.com\n\nFinal-Recipient: rfc822;rh@contoso.com\nAction: failed\n"
    "Status: 5.7.1\nDiagnostic-Code: smtp;550 5.7.1 Message blocked by policy",
    "Content-Type: message/rfc822\n\nSubject: Offre\n\n.",
)
DELAYED = POSTFIX.replace(b"Action: failed", b"Action: delayed").replace(b"5.1.1", b"4.4.1")
EXPIRED = POSTFIX.replace(b"5.1.1", b"4.4.7")
COMPLAINT = report(
    f"From: staff@hotmail.com\nTo: abuse@{DOMAIN}\nSubject: complaint",
    "Feedback-Type: abuse\nUser-Agent: SomeGenerator/1.0\nVersion: 1\nOriginal-Rcpt-To: personne@hotmail.com",
    f"Content-Type: message/rfc822\n\nMessage-ID: <{REFERENCE}@{DOMAIN}>\nSubject: Annonce\n\nAnnonce",
    "feedback-report",
    "message/feedback-report",
)


@pytest.mark.parametrize(
    ("raw", "kind", "status"),
    [
        (POSTFIX, DeliveryTroubleKind.BOUNCE, "5.1.1"),
        (GMAIL, DeliveryTroubleKind.UNREACHABLE, "5.2.2"),
        (EXCHANGE, DeliveryTroubleKind.REFUSED, "5.7.1"),
        (EXPIRED, DeliveryTroubleKind.UNREACHABLE, "4.4.7"),
        (DELAYED, None, "4.4.1"),
    ],
    ids=["postfix", "gmail", "exchange", "expired", "delayed"],
)
def test_reports_of_delivery(raw: bytes, kind: DeliveryTroubleKind | None, status: str) -> None:
    assert read_mail(raw, DOMAIN).what == Bounce(REFERENCE, kind, status)


def test_a_report_about_a_message_of_others_names_none() -> None:
    foreign = POSTFIX.replace(DOMAIN.encode(), b"ailleurs.ma")
    assert read_mail(foreign, DOMAIN).what == Bounce(None, DeliveryTroubleKind.BOUNCE, "5.1.1")


def test_a_server_that_writes_a_letter() -> None:
    raw = f"From: MAILER-DAEMON@x.ma\nTo: bounces+{REFERENCE}@{DOMAIN}\n\n550 5.1.1 no such user".encode()
    assert read_mail(raw, DOMAIN).what == Bounce(REFERENCE, DeliveryTroubleKind.BOUNCE, "5.1.1")


def test_a_report_without_a_recipient_says_nothing() -> None:
    assert read_mail(
        report(f"To: bounces+{REFERENCE}@{DOMAIN}", "Reporting-MTA: dns; x"), DOMAIN
    ).what == Bounce(REFERENCE, DeliveryTroubleKind.UNCLEAR, "")


def told(text: str, **headers: str) -> Bounce | object:
    """What a server's letter in its own words is read as."""
    mail = EmailMessage()
    given = {
        "From": "MAILER-DAEMON@mx.exemple.ma",
        "To": f"bounces+{REFERENCE}@{DOMAIN}",
        "Return-Path": "<>",
    }
    for name, value in {
        **given,
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }.items():
        mail[name] = value
    mail.set_content(text)
    return read_mail(mail.as_bytes(), DOMAIN).what


WRONG, FULL, NOT_TAKEN, UNCLEAR = (
    DeliveryTroubleKind.BOUNCE,
    DeliveryTroubleKind.UNREACHABLE,
    DeliveryTroubleKind.REFUSED,
    DeliveryTroubleKind.UNCLEAR,
)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Connected to 41.2.30.4\n550 5.1.1 user unknown", WRONG),
        ("I'm Exim 4.96.2. Remote server 5.2.1.9 said: 550 No such user", WRONG),
        ("La boîte aux lettres de cette personne est pleine.", FULL),
        ("552 Requested mail action aborted", FULL),
        ("host mx said: 550 5.7.1 blocked by policy", NOT_TAKEN),
        ("We could not deliver your letter. Sorry.", UNCLEAR),
        ("451 4.3.0 local problem; we gave up", UNCLEAR),
        ("THIS IS A WARNING MESSAGE ONLY. 451 4.3.0 try again", None),
        ("Delivery is delayed; the server will retry for 3 days.", None),
    ],
)
def test_a_server_s_letter_in_its_own_words(text: str, kind: DeliveryTroubleKind | None) -> None:
    what = told(text)
    assert isinstance(what, Bounce) and (what.reference, what.kind) == (REFERENCE, kind)


@pytest.mark.parametrize(
    "headers",
    [
        {"From": "MAILER-DAEMON"},
        {"From": "noreply@mx.exemple.ma", "X_Failed_Recipients": "personne@exemple.ma"},
        {"From": "noreply@mx.exemple.ma", "Subject": "Undeliverable: Offre d'une place"},
        {"From": "noreply@mx.exemple.ma", "Subject": "=?utf-8?q?=C3=89chec_de_la_remise?="},
        {"To": f"ne-pas-repondre@{DOMAIN}", "In_Reply_To": f"<{REFERENCE}@{DOMAIN}>"},
    ],
)
def test_servers_are_known_by_what_only_their_letters_have(headers: dict[str, str]) -> None:
    what = told("550 5.1.1 no such user", **headers)
    assert isinstance(what, Bounce) and (what.reference, what.kind) == (REFERENCE, WRONG)


def test_a_server_that_quotes_our_headers_in_its_text_is_understood() -> None:
    text = f"Hi. I couldn't deliver.\n<x@y.ma>: 550 unknown user\n\nMessage-ID: <{REFERENCE}@{DOMAIN}>\n"
    what = told(text, To=f"ne-pas-repondre@{DOMAIN}")
    assert isinstance(what, Bounce) and (what.reference, what.kind) == (REFERENCE, WRONG)


def test_complaints() -> None:
    assert read_mail(COMPLAINT, DOMAIN).what == Complaint(REFERENCE)
    assert read_mail(COMPLAINT.replace(b"abuse\n", b"not-spam\n"), DOMAIN).what == Automatic()


def letter(**headers: str) -> EmailMessage:
    """A person's mail."""
    mail = EmailMessage()
    mail["From"] = "Salma Bennis <Salma@Exemple.ma>"
    for name, value in headers.items():
        mail[name.replace("_", "-")] = value
    mail.set_content(
        "Voici ma réponse.\n\nLe lun. 2 mars 2026 à 10:00, Programme <x@y.ma> a écrit :\n> Bonjour\n"
    )
    return mail


def test_a_reply_to_a_question() -> None:
    mail = letter(To=f"<{question_address(REFERENCE, TAG, DOMAIN)}>", Subject="Re: =?utf-8?q?R=C3=A9ponse?=")
    mail.add_attachment(b"x" * 3000, maintype="application", subtype="pdf", filename="relevé.pdf")
    read = read_mail(mail.as_bytes(), DOMAIN)
    assert (read.sender, read.name, read.subject) == ("salma@exemple.ma", "Salma Bennis", "Re: Réponse")
    assert isinstance(read.what, Reply) and read.what.question == (REFERENCE, TAG)
    assert read.what.shown == "Voici ma réponse." and "a écrit" in read.what.text
    [joined] = read.what.attachments
    assert (joined.name, joined.size) == ("relevé.pdf", 3000)


def test_a_reply_to_our_messages_by_their_ids() -> None:
    mail = letter(
        To="x@y.ma",
        In_Reply_To=f"<{REFERENCE}@{DOMAIN}>",
        References=f"<a@b> <{OTHER}@{DOMAIN}> <{REFERENCE}@ailleurs.ma> <{REFERENCE}@{DOMAIN}>",
    )
    what = read_mail(mail.as_bytes(), DOMAIN).what
    assert isinstance(what, Reply) and what.messages == (REFERENCE, OTHER) and what.question is None


@pytest.mark.parametrize(
    "headers",
    [
        {"Auto-Submitted": "auto-replied"},
        {"Auto-Submitted": "auto-generated; owner-email=x"},
        {"Precedence": "auto_reply"},
        {"X-Autoreply": "yes"},
        {"Return-Path": "<>"},
        {"X-Autogenerated": "Reply"},
        {"X-Auto-Reply": "vacation"},
        {"X-POST-MessageClass": "9; Autoresponder"},
        {"X-FC-MachineGenerated": "true"},
        {"Subject": "Réponse automatique : Votre dossier", "Auto-Submitted": "auto-replied"},
    ],
)
def test_machines_are_not_answered(headers: dict[str, str]) -> None:
    mail = letter(To=question_address(REFERENCE, TAG, DOMAIN), **headers)
    assert read_mail(mail.as_bytes(), DOMAIN).what == Automatic()


@pytest.mark.parametrize(
    "headers",
    [
        {"Auto-Submitted": "no"},
        {"List-Id": "<famille.googlegroups.example>"},
        {"Precedence": "bulk"},
        {"Precedence": "list", "List-Id": "<x.y>"},
        {"X-Auto-Response-Suppress": "DR, OOF"},
        {"X-Autoreply": "no"},
        {"X-Autogenerated": "Forward"},
        {"Subject": "رد إلى رسالتكم"},
        {"Subject": "Re: Réponse automatique : Votre dossier"},
    ],
)
@pytest.mark.parametrize("by", ["address", "identity"])
def test_what_a_person_answers_is_theirs_whatever_their_provider_adds(
    headers: dict[str, str], by: str
) -> None:
    to = question_address(REFERENCE, TAG, DOMAIN) if by == "address" else f"ne-pas-repondre@{DOMAIN}"
    more = {} if by == "address" else {"References": f"<{REFERENCE}@{DOMAIN}>"}
    assert isinstance(read_mail(letter(To=to, **headers, **more).as_bytes(), DOMAIN).what, Reply)


@pytest.mark.parametrize("by", ["address", "identity", "nothing"])
def test_a_subject_alone_leaves_a_mail_to_be_read(by: str) -> None:
    """It looks like a machine's answer, and no header says so."""
    to = question_address(REFERENCE, TAG, DOMAIN) if by == "address" else f"ne-pas-repondre@{DOMAIN}"
    more = {"In-Reply-To": f"<{REFERENCE}@{DOMAIN}>"} if by == "identity" else {}
    mail = letter(To=to, Subject="Auto : attestation de travail", **more)
    assert isinstance(read_mail(mail.as_bytes(), DOMAIN).what, Unknown)


def test_a_list_that_answers_nothing_of_ours_opens_nothing_and_is_not_kept() -> None:
    mail = letter(To=f"contact@{DOMAIN}", **{"List-Id": "<nouvelles.exemple.ma>"})
    assert read_mail(mail.as_bytes(), DOMAIN).what == Automatic()


def test_the_receipt_that_a_letter_was_shown_is_no_answer() -> None:
    raw = report(
        f"From: salma@exemple.ma\nTo: x@{DOMAIN}\nReferences: <{REFERENCE}@{DOMAIN}>\nSubject: Lu : Offre",
        "Disposition: manual-action/MDN-sent-manually; displayed",
        kind="disposition-notification",
        part="message/disposition-notification",
    )
    assert read_mail(raw, DOMAIN).what == Automatic()


def test_what_concerns_nothing_of_ours_is_unknown() -> None:
    assert isinstance(read_mail(letter(To=f"contact@{DOMAIN}").as_bytes(), DOMAIN).what, Unknown)


def test_the_same_mail_by_another_way_has_the_same_name() -> None:
    mail = letter(To="a@b.ma", Message_ID="<1@exemple.ma>", Date="Mon, 2 Mar 2026 10:00:00 +0000").as_bytes()
    assert read_mail(mail, DOMAIN).once == read_mail(b"Received: by x\n" + mail, DOMAIN).once
    assert read_mail(mail, DOMAIN).once != read_mail(mail.replace(b"<1@", b"<2@"), DOMAIN).once


def words(content: bytes, charset: str) -> str:
    """What is read of a text of that charset."""
    head = f"From: a@b.ma\nTo: {question_address(REFERENCE, TAG, DOMAIN)}\nContent-Type: text/plain; charset={charset}"
    what = read_mail(head.encode() + b"\nContent-Transfer-Encoding: 8bit\n\n" + content, DOMAIN).what
    assert isinstance(what, Reply)
    return what.text


@pytest.mark.parametrize("charset", ["utf-8", "cp1252"])
def test_a_header_written_without_a_coding_is_read(charset: str) -> None:
    raw = "From: Zoé <z@x.ma>\nTo: a@b.ma\nSubject: Réponse\n\nVoici.".encode(charset)
    read = read_mail(raw, DOMAIN)
    assert (read.name, read.sender, read.subject) == ("Zoé", "z@x.ma", "Réponse")


def test_charsets_true_and_false() -> None:
    assert words("déjà".encode(), "utf-8") == "déjà"
    assert words("déjà".encode("latin-1"), "utf-8") == "déjà"
    assert words("سلام".encode("windows-1256"), "windows-1256") == "سلام"
    assert words("déjà".encode(), "unheard-of") == "déjà"
    assert words("déjà".encode(), "punycode") == "déjà"
    assert words(b"a\x00b\x1bc", "utf-8") == "abc"


HEAD = f"From: a@b.ma\nTo: {question_address(REFERENCE, TAG, DOMAIN)}\n".encode()


def nested(depth: int) -> bytes:
    """Multiparts one in the other."""
    inner = b"Content-Type: text/plain\n\nbonjour\n"
    for number in range(depth):
        inner = b'Content-Type: multipart/mixed; boundary="b%d"\n\n--b%d\n' % (number, number) + inner
        inner += b"\n--b%d--\n" % number
    return HEAD + b"MIME-Version: 1.0\n" + inner


@pytest.mark.parametrize(
    "raw",
    [
        HEAD + b"\n" + b"bonjour\n" * 1_000_000,
        HEAD + b"\n" + b"x" * 25_000_000,
        b"".join(b"X-%d: aaaaaaaaaaaaaaaaaaaa\n" % number for number in range(10_000)) + HEAD + b"\nbonjour",
        nested(100),
        nested(1500),
        nested(20_000),
        nested(100) + b"x\n" * 1_000_000,
        HEAD + b"Content-Type: text/html\n\n" + b"<a " * 500_000,
        HEAD + b"Content-Type: text/html\n\n" + b"<!--" * 500_000,
        HEAD + b"Content-Type: text/plain\nContent-Transfer-Encoding: base64\n\n!!!!" + b"A" * 1_000_001,
        b"To: " + b"a@b.c, " * 300_000 + b"\n\nbonjour",
        b"x" * (31 * 1024 * 1024),
        b"",
        b"\x00" * 1000,
        HEAD + b'Content-Type: multipart/report; boundary="\n\n--\n',
    ],
    ids=range(15),
)
def test_what_is_too_much_is_read_in_time_or_left(raw: bytes) -> None:
    begun = time.process_time()
    read_mail(raw, DOMAIN)
    assert time.process_time() - begun < 10


_PIECES = st.sampled_from(
    [
        POSTFIX,
        GMAIL,
        COMPLAINT,
        nested(3),
        HEAD,
        b"\n",
        b"--edge\n",
        b"\x00",
        b"=?utf-8?b?",
        b"Content-Type: message/rfc822\n",
    ]
)


@given(st.lists(st.one_of(st.binary(max_size=60), _PIECES), max_size=8))
@settings(max_examples=150)
def test_no_bytes_make_it_fall(pieces: list[bytes]) -> None:
    mail = read_mail(b"".join(pieces), DOMAIN)
    assert len(mail.once) == 64 and "\n" not in mail.subject


@given(st.integers(0, len(POSTFIX) - 1), st.binary(min_size=1, max_size=3))
@settings(max_examples=150)
def test_no_altered_report_makes_it_fall(place: int, put: bytes) -> None:
    for raw in (POSTFIX, GMAIL, COMPLAINT):
        assert read_mail(raw[:place] + put + raw[place + 1 :], DOMAIN)
