"""Settings: an embedded default that makes its own secrets, a production that names what it lacks."""

from __future__ import annotations

import base64
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import ValidationError

from cohortmgr.base.crypto import Keyring
from cohortmgr.base.settings import OWN_FOLDERS, ROOT, Settings, keep_private, read_settings


def key(number: int) -> str:
    """A made-up key of 32 different bytes, in base64."""
    return base64.b64encode(bytes(range(number, number + 32))).decode()


PRODUCTION = {
    "database_url": "postgresql+psycopg://app@/x",
    "owner_database_url": "postgresql+psycopg://own@/x",
    "system_database_url": "postgresql+psycopg://sys@/x",
    "broker_url": "redis://x",
    "secret_key": key(1),
    "sealing_keys": f"k1:{key(2)}",
    "index_key": key(3),
    "trail_key": key(4),
    "mail_url": "smtp://mail.example:587",
}
# What is not needed to be there, but must hold.
WALLED = {**PRODUCTION, "base_url": "https://cohorts.example"}


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("COHORTMGR_")]:
        monkeypatch.delenv(name)


def test_sms_go_to_countries_that_exist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert Settings(data=tmp_path).sms_countries == ("MA",)
    monkeypatch.setenv("COHORTMGR_SMS_COUNTRIES", " ma, FR ")
    assert Settings(data=tmp_path).sms_countries == ("MA", "FR")
    for wrong in ("UK", "MA,XX", "+212", "", " , "):
        monkeypatch.setenv("COHORTMGR_SMS_COUNTRIES", wrong)
        with pytest.raises(ValidationError, match="is no country"):
            Settings(data=tmp_path)


def test_production_with_everything_starts_and_writes_nothing(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path / "data", production=True, **WALLED)
    assert settings.database_url == PRODUCTION["database_url"]
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("name", sorted(PRODUCTION))
def test_production_without_one_names_it(name: str, tmp_path: Path) -> None:
    given = {**WALLED, name: ""}
    with pytest.raises(ValidationError, match=f"COHORTMGR_{name.upper()}"):
        Settings(data=tmp_path, production=True, **given)


def refusals(monkeypatch: pytest.MonkeyPatch, **changed: str) -> list[str]:
    """What production says when it is started from the environment with these settings: the lines after the first."""
    for name, value in {**WALLED, "production": "true", **changed}.items():
        monkeypatch.setenv(f"COHORTMGR_{name.upper()}", value)
    with pytest.raises(SystemExit) as refused:
        read_settings()
    return str(refused.value).splitlines()[1:]


NOUGHT = base64.b64encode(bytes(32)).decode()
REFUSED = {
    "a short secret key": ({"secret_key": "x" * 31}, ["COHORTMGR_SECRET_KEY has 31 bytes"]),
    "a secret key of one byte": ({"secret_key": "x" * 64}, ["COHORTMGR_SECRET_KEY is one byte repeated"]),
    "a secret key of noughts in base64": (
        {"secret_key": NOUGHT},
        ["COHORTMGR_SECRET_KEY has only 2 different"],
    ),
    "a secret key of a pattern": (
        {"secret_key": "secret" * 8},
        ["COHORTMGR_SECRET_KEY has only 5 different"],
    ),
    "a short sealing key": ({"sealing_keys": "k1:c2hvcnQ="}, ["KEYS: key 1 has 5 bytes"]),
    "a sealing key of noughts": ({"sealing_keys": f"k1:{NOUGHT}"}, ["KEYS: key 1 is one byte repeated"]),
    "an old sealing key of noughts": (
        {"sealing_keys": f"k2:{key(9)},k1:{NOUGHT}"},
        ["KEYS: key 2 is one byte repeated"],
    ),
    "a sealing key that does not read": ({"sealing_keys": "k1:no base64"}, ["KEYS: key 1 does not read"]),
    "an index key of noughts": ({"index_key": NOUGHT}, ["COHORTMGR_INDEX_KEY is one byte repeated"]),
    "an index key that does not read": ({"index_key": "é" * 32}, ["COHORTMGR_INDEX_KEY does not read"]),
    "one key to seal and to find": (
        {"index_key": key(2)},
        ["INDEX_KEY is the same value as COHORTMGR_SEALING"],
    ),
    "one key to sign and to find": (
        {"index_key": key(1)},
        ["INDEX_KEY is the same value as COHORTMGR_SECRET"],
    ),
    "one key under two ids": (
        {"sealing_keys": f"k2:{key(2)},k1:{key(2)}"},
        ["key 2 is the same value as COHORTMGR_SEALING_KEYS: key 1"],
    ),
    "SQLite for the application": (
        {"database_url": "sqlite:///x"},
        ["COHORTMGR_DATABASE_URL is no PostgreSQL"],
    ),
    "SQLite for the owner": (
        {"owner_database_url": "sqlite://"},
        ["COHORTMGR_OWNER_DATABASE_URL is no Postgr"],
    ),
    "SQLite for the worker": (
        {"system_database_url": "sqlite://"},
        ["COHORTMGR_SYSTEM_DATABASE_URL is no Pos"],
    ),
    "the owner as the application": (
        {"database_url": "postgresql+psycopg://own@/x"},
        ["COHORTMGR_OWNER_DATABASE_URL names the same role as COHORTMGR_DATABASE_URL"],
    ),
    "http": ({"base_url": "http://cohorts.example"}, ["COHORTMGR_BASE_URL must begin with https://"]),
    "https of nowhere": ({"base_url": "https://"}, ["COHORTMGR_BASE_URL must begin with https://"]),
    "no mail server": ({"mail_url": ""}, ["production needs COHORTMGR_MAIL_URL"]),
    "something else for a mail server": (
        {"mail_url": "mail.example"},
        ["COHORTMGR_MAIL_URL is no mail server"],
    ),
    "a second one that is none": ({"mail_url_2": "https://x"}, ["COHORTMGR_MAIL_URL_2 is no mail server"]),
    "the demonstration": ({"demonstration": "true"}, ["COHORTMGR_DEMONSTRATION shows every message"]),
    "a sealing key without its id": ({"sealing_keys": key(2)}, ["KEYS: key 1 has no id: write k1:VALUE"]),
    "a second sealing key without its id": (
        {"sealing_keys": f"k1:{key(2)},{key(9)}"},
        ["KEYS: key 2 has no id: write k2:VALUE"],
    ),
    "a sealing key the wrong way round": (
        {"sealing_keys": f"{key(2)}:k1"},
        ["KEYS: key 1 has no short id", "KEYS: key 1 does not read"],
    ),
    "one id for two keys": (
        {"sealing_keys": f"k1:{key(2)},k1:{key(9)}"},
        ["key 1 has the id of another", "key 2 has the id of another"],
    ),
    "a sealing key that is too long": (
        {"sealing_keys": "k1:" + base64.b64encode(bytes(range(40))).decode()},
        ["KEYS: key 1 has 40 bytes"],
    ),
    "a driver that is not there": (
        {"database_url": "postgresql+pg8000://app@/x"},
        ["COHORTMGR_DATABASE_URL names a driver"],
    ),
    "a port that is none": (
        {"database_url": "postgresql+psycopg://app@h:port/x"},
        ["COHORTMGR_DATABASE_URL does not read"],
    ),
    "an address that ends behind its host": (
        {"base_url": "https://c.ma/x?y=1#f"},
        ["COHORTMGR_BASE_URL must end with its host"],
    ),
    "an address with a fragment": ({"base_url": "https://c.ma#f"}, ["COHORTMGR_BASE_URL must end with its"]),
    "an address with a user": ({"base_url": "https://a:b@c.ma"}, ["COHORTMGR_BASE_URL must end with its"]),
    "an address that does not read": ({"base_url": "https://["}, ["COHORTMGR_BASE_URL must begin with"]),
    "an address of two lines": ({"base_url": "https://c.ma\r\nx"}, ["COHORTMGR_BASE_URL must begin with"]),
    "an address with a port that is none": ({"base_url": "https://c.ma:x"}, ["COHORTMGR_BASE_URL must"]),
    "a broker in the process": ({"broker_url": "memory://"}, ["COHORTMGR_BROKER_URL is no Redis"]),
    "a broker of another kind": ({"broker_url": "amqp://x"}, ["COHORTMGR_BROKER_URL is no Redis"]),
    "a broker's password with a bracket": ({"broker_url": "redis://:a[b@c"}, ["BROKER_URL is no Redis"]),
    "SMS over http": ({"sms_url": "http://sms.example/v1"}, ["COHORTMGR_SMS_URL must begin with https://"]),
    "SMS to nonsense": ({"sms_url": "nonsense"}, ["COHORTMGR_SMS_URL must begin with https://"]),
    "SMS by ftp": ({"sms_url": "ftp://x"}, ["COHORTMGR_SMS_URL must begin with https://"]),
    "a mail server's port that is none": ({"mail_url": "smtp://u:p#w@h:25"}, ["COHORTMGR_MAIL_URL is no"]),
    "rates that do not read": ({"mail_rates": "gmail.com"}, ["COHORTMGR_MAIL_RATES: part 1 is not"]),
    "a second rate that does not read": ({"mail_rates": "a.ma=1,b.ma=x"}, ["MAIL_RATES: part 2 is not"]),
    "a DKIM key that is not there": ({"dkim_key": "/nowhere/dkim.pem"}, ["COHORTMGR_DKIM_KEY is neither"]),
    "a DKIM key that is none": (
        {"dkim_key": base64.b64encode(b"-----BEGIN PRIVATE KEY-----\nx\n").decode()},
        ["COHORTMGR_DKIM_KEY is no RSA key"],
    ),
    "a DKIM domain with a space": ({"dkim_domain": "inpt ma"}, ["COHORTMGR_DKIM_DOMAIN is no domain"]),
    "a mail domain of two lines": ({"mail_domain": "c.ma\r\nBcc: x"}, ["COHORTMGR_MAIL_DOMAIN is no domain"]),
    "no mail domain": ({"mail_domain": ""}, ["COHORTMGR_MAIL_DOMAIN is no domain"]),
    "a sender of two lines": ({"mail_from": "x <a@b.ma>\nBcc: y"}, ["COHORTMGR_MAIL_FROM is no sender"]),
    "a sender without an address": ({"mail_from": "cohortmgr"}, ["COHORTMGR_MAIL_FROM is no sender"]),
    "a scanner without a port": ({"clamd": "clamd"}, ["COHORTMGR_CLAMD is no scanner"]),
    "a scanner on a port that is none": ({"clamd": "clamd:99999"}, ["COHORTMGR_CLAMD is no scanner"]),
    "proxies below none": ({"proxies": "-1"}, ["COHORTMGR_PROXIES: "]),
    "no room for a request": ({"upload_limit": "0"}, ["COHORTMGR_UPLOAD_LIMIT: "]),
    "less than no room": ({"upload_limit": "-5"}, ["COHORTMGR_UPLOAD_LIMIT: "]),
    "no room for an import": ({"import_limit": "0"}, ["COHORTMGR_IMPORT_LIMIT: "]),
    "a number that is none": ({"sms_cost": "x"}, ["COHORTMGR_SMS_COST: "]),
    "a budget without end": ({"sms_codes_a_day": "9" * 30}, ["COHORTMGR_SMS_CODES_A_DAY: "]),
    "all of it": (
        {"secret_key": "x", "demonstration": "true", "base_url": "http://x", "database_url": "sqlite://"},
        ["SECRET_KEY has 1 bytes", "DATABASE_URL is no", "BASE_URL must", "DEMONSTRATION shows"],
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_production_refuses_what_would_undo_it_in_words_of_its_own(
    case: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    changed, expected = REFUSED[case]
    said = refusals(monkeypatch, data=str(tmp_path), **changed)
    assert len(said) == len(expected), said
    assert all(part in line for part, line in zip(expected, said, strict=True)), said
    secrets = [value for name, value in changed.items() if "key" in name and len(value) > 4]
    assert not any(value in line for value in secrets for line in said), (
        "a secret is not repeated on a screen"
    )


UNSAID = "Zq7-0f-the-secret-Zq7"
# Each setting that is a secret or holds one, wrong in the ways in which people write it wrong.
SPILT = {
    "secret_key": [UNSAID],
    "sealing_keys": [UNSAID, f"{UNSAID}:k1", f"k1:{UNSAID}", f"k1:{key(2)},{UNSAID}"],
    "index_key": [UNSAID, f"k1:{UNSAID}"],
    "trail_key": [UNSAID, f"k1:{UNSAID}"],
    **{
        name: [
            UNSAID,
            f"{UNSAID}://own@/x",
            f"postgresql+psycopg://own:{UNSAID}@h:port/x",
            f"postgresql+psycopg://own:a@h:{UNSAID}/x",
            f"sqlite:///{UNSAID}",
        ]
        for name in ("database_url", "owner_database_url", "system_database_url", "superuser_database_url")
    },
    "broker_url": [UNSAID, f"redis://:a/{UNSAID}@h", f"redis://:[{UNSAID}@h", f"redis://h:{UNSAID}"],
    "mail_url": [UNSAID, f"smtp://u:a/{UNSAID}@h", f"smtp://u:{UNSAID}@[h", f"smtp://u@h:{UNSAID}"],
    "mail_url_2": [UNSAID, f"smtp://u:{UNSAID}@h:99999", f"{UNSAID}://h"],
    "sms_url": [UNSAID, f"http://u:{UNSAID}@h", f"https://u:a#{UNSAID}@[h", f"https://u@h:{UNSAID}"],
    "dkim_key": [UNSAID, base64.b64encode(f"PRIVATE KEY {UNSAID}".encode()).decode()],
    "base_url": [UNSAID, f"https://u:{UNSAID}@c.ma", f"https://c.ma:{UNSAID}"],
    "mail_rates": [f"a.ma={UNSAID}"],
    "clamd": [UNSAID],
    "mail_from": [UNSAID],
    "mail_domain": [f"{UNSAID} x"],
    "sms_countries": [UNSAID],
    "sms_cost": [UNSAID],
    "proxies": [UNSAID],
    "production": [UNSAID],
}


@pytest.mark.parametrize(
    ("name", "value"), [(name, each) for name, values in SPILT.items() for each in values]
)
def test_a_refusal_names_the_variable_and_repeats_no_part_of_it(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    said = "\n".join(refusals(monkeypatch, data=str(tmp_path), **{name: value}))
    assert f"COHORTMGR_{name.upper()}" in said
    for part in (value, UNSAID, UNSAID.lower()):
        assert part not in said
    monkeypatch.setenv("COHORTMGR_PRODUCTION", value if name == "production" else "true")
    with pytest.raises(ValidationError) as raw:
        Settings()
    assert UNSAID not in str(raw.value), "whoever does not call read_settings does not spill it either"


@pytest.mark.parametrize(
    ("name", "value"),
    [("sealing_keys", UNSAID), ("owner_database_url", f"postgresql+psycopg://own@h:{UNSAID}/x")],
)
def test_a_start_with_a_wrong_secret_prints_no_part_of_it(name: str, value: str, tmp_path: Path) -> None:
    started = {**WALLED, "production": "true", "data": str(tmp_path), name: value}
    said = subprocess.run(
        [sys.executable, "-c", "import wsgi"],
        cwd=ROOT,
        env={**os.environ, **{f"COHORTMGR_{each.upper()}": text for each, text in started.items()}},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert said.returncode != 0 and f"COHORTMGR_{name.upper()}" in said.stderr
    assert UNSAID not in said.stderr + said.stdout


@pytest.mark.parametrize("wrong", [key(2), f"{UNSAID}:{key(2)}x", f"k1:{UNSAID}"])
def test_a_key_outside_of_production_is_not_repeated_either(wrong: str) -> None:
    with pytest.raises(ValueError, match="COHORTMGR_SEALING_KEYS: key 1") as raised:
        Keyring.parse(wrong, key(3), key(4))
    assert not any(part in str(raised.value) for part in (UNSAID, key(2)))
    sound = Keyring.parse(f"k1:{key(2)}", key(3), key(4))
    assert "\\x" not in repr(sound), "what is printed of a key ring holds no key"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("base_url", "https://c.ma/"),
        ("base_url", "https://c.ma:8443"),
        ("broker_url", "rediss://u:p%5B@h:6380/1"),
        ("broker_url", "redis://:p@[::1]:6379/0"),
        ("sms_url", "https://u:p%40@sms.example:8443/v1?from=INPT"),
        ("mail_rates", "gmail.com=20, *=0.5"),
        ("mail_from", "Université de demain <ne-pas-repondre@um5.ac.ma>"),
        ("mail_domain", "mail.um5.ac.ma"),
        ("clamd", "/run/clamav/clamd.ctl"),
        ("clamd", "clamd:3310"),
        ("mail_url_2", "smtps://u:p@mail.example"),
        ("sealing_keys", f"2026-11:{key(2)}, k1:{key(9)}"),
        ("proxies", "0"),
        ("sms_codes_a_day", "0"),
    ],
)
def test_production_takes_what_works(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for each, text in {**WALLED, "production": "true", "data": str(tmp_path), name: value}.items():
        monkeypatch.setenv(f"COHORTMGR_{each.upper()}", text)
    settings = read_settings()
    assert not settings.base_url.endswith("/"), "links in messages put their path behind it"


@pytest.mark.parametrize("value", ["1", "true", "yes", "on"])
def test_production_refuses_debug(value: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("FLASK_DEBUG", value)
    assert "FLASK_DEBUG" in refusals(monkeypatch, data=str(tmp_path))[0]


def test_each_refusal_is_production_s_alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("FLASK_DEBUG", "1")
    made = Settings(data=tmp_path, secret_key="x", base_url="http://x", demonstration=True)
    assert made.secret_key == "x"


def test_what_the_application_writes_is_closed_to_others_and_what_it_wrote_is_closed_too(
    tmp_path: Path,
) -> None:
    data = tmp_path / "new" / "data"
    before = os.umask(0o022)
    try:
        settings = Settings(data=data)
        assert stat.S_IMODE(data.stat().st_mode) == 0o700
        (data / "cohortmgr.sqlite3").write_text("names")
        for name in OWN_FOLDERS:
            (data / name).mkdir(exist_ok=True)
        (data / "theirs").mkdir()
        keep_private(settings)
        (data / "later").write_text("names")
    finally:
        os.umask(before)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in data.iterdir()}
    assert modes == {
        **dict.fromkeys(OWN_FOLDERS, 0o700),
        "cohortmgr.sqlite3": 0o600,
        "later": 0o600,
        "theirs": 0o755,
    }


def test_over_https_cookies_are_secure(tmp_path: Path) -> None:
    assert Settings(data=tmp_path, base_url="https://x.example").secure_cookies
    assert not Settings(data=tmp_path).secure_cookies


def test_the_default_makes_its_secrets_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    first, second = Settings(data=tmp_path), Settings(data=tmp_path)
    names = ("secret_key", "sealing_keys", "index_key", "trail_key")
    assert [getattr(first, name) for name in names] == [getattr(second, name) for name in names]
    assert len({getattr(first, name) for name in names}) == 4
    for file in (tmp_path / "secrets").iterdir():
        assert file.stat().st_mode & 0o077 == 0
    assert first.owner_database_url == first.system_database_url == first.database_url


def test_two_processes_at_the_first_start_agree_on_the_secrets(tmp_path: Path) -> None:
    script = (
        "import sys; sys.stdin.readline(); from cohortmgr.base.settings import Settings; s = Settings();"
        "print(s.secret_key, s.sealing_keys, s.index_key, s.trail_key)"
    )
    environment = {**os.environ, "COHORTMGR_DATA": str(tmp_path / "data")}
    both = [
        subprocess.Popen(
            [sys.executable, "-c", script],
            cwd=ROOT,
            env=environment,
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        for _ in range(3)
    ]
    for process in both:
        assert process.stdin
        process.stdin.write("go\n")
        process.stdin.flush()
    said = {process.communicate(timeout=60)[0] for process in both}
    assert len(said) == 1 and len(said.pop().split()) == 4
