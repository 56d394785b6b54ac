"""A mail server that wants TLS and a sign-in gets both, before it hears anything of a message."""

from __future__ import annotations

import ipaddress
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from cohortmgr.outbox.channels.actions import smtp
from cohortmgr.outbox.delivery.tasks.handing_over import deliver
from cohortmgr.outbox.rules import MessageState
from tests.integration.outbox.conftest import Server, free_port, row, send

pytestmark = [
    pytest.mark.usefixtures("system_context", "messages"),
    pytest.mark.sqlite_only,
    # The server of the tests does not see that its whole connection is hidden.
    pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS"),
]
SignIns = list[tuple[bytes, bool]]
USER, PASSWORD = "poste@inpt.ma", "p@ss: /%"
WRITTEN = "poste%40inpt.ma:p%40ss%3A%20%2F%25"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of 127.0.0.1, signed by itself, with its key."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    place = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = (
        made.serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
    )
    signed = made.add_extension(place, False).sign(key, hashes.SHA256())
    file = tmp_path_factory.mktemp("tls") / "server.pem"
    pem = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, *pem) + signed.public_bytes(serialization.Encoding.PEM)
    )
    return file


@contextmanager
def guarded(
    server: Server, certificate: Path, *, from_the_start: bool
) -> Iterator[tuple[str, list[tuple[bytes, bool]]]]:
    """The server's port behind TLS and a sign-in, and who signed in: with what password, and whether hidden by TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    seen: SignIns = []

    def authenticate(
        _server: Any, session: Any, _envelope: Any, _mechanism: str, data: LoginPassword
    ) -> AuthResult:
        seen.append((data.password, from_the_start or session.ssl is not None))
        return AuthResult(success=(data.login, data.password) == (USER.encode(), PASSWORD.encode()))

    more: dict[str, Any] = (
        {"ssl_context": context} if from_the_start else {"tls_context": context, "require_starttls": True}
    )
    controller = Controller(
        server, hostname="127.0.0.1", port=free_port(), authenticator=authenticate, auth_required=True,
        auth_require_tls=not from_the_start, **more,
    )  # fmt: skip
    controller.start()
    try:
        scheme = "smtps" if from_the_start else "smtp"
        yield f"{scheme}://{{}}127.0.0.1:{controller.port}", seen
    finally:
        controller.stop()


@pytest.mark.parametrize("from_the_start", [True, False], ids=["smtps", "starttls"])
def test_it_signs_in_behind_tls(
    certificate: Path, setting: Callable[..., None], monkeypatch: pytest.MonkeyPatch, from_the_start: bool
) -> None:
    monkeypatch.setattr(smtp, "_safe", lambda: ssl.create_default_context(cafile=str(certificate)))
    server = Server()
    with guarded(server, certificate, from_the_start=from_the_start) as (url, seen):
        setting(mail_url=url.format(f"{WRITTEN}@"))
        send("a@b.ma")
        deliver()
    assert row().state == MessageState.SENT and server.addresses() == ["a@b.ma"]
    assert seen == [(PASSWORD.encode(), True)]


@pytest.mark.parametrize("from_the_start", [True, False], ids=["smtps", "starttls"])
@pytest.mark.parametrize("fault", ["password", "certificate"])
def test_without_the_right_password_or_a_known_certificate_nothing_is_told_and_the_message_waits(
    certificate: Path,
    setting: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
    from_the_start: bool,
    fault: str,
) -> None:
    if fault == "password":
        monkeypatch.setattr(smtp, "_safe", lambda: ssl.create_default_context(cafile=str(certificate)))
    server = Server()
    with guarded(server, certificate, from_the_start=from_the_start) as (url, seen):
        setting(mail_url=url.format("poste%40inpt.ma:wrong@" if fault == "password" else f"{WRITTEN}@"))
        send("a@b.ma")
        deliver()
    assert row().state == MessageState.WAITING and server.taken == []
    assert PASSWORD.encode() not in [password for password, _hidden in seen], "no stranger hears the password"
