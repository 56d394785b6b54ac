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
    "a short sealing key": ({"sealing_keys": "k1:c2hvcnQ="}, ["KEYS: key 'k1' has 5 bytes"]),
    "a sealing key of noughts": ({"sealing_keys": f"k1:{NOUGHT}"}, ["KEYS: key 'k1' is one byte repeated"]),
    "an old sealing key of noughts": (
        {"sealing_keys": f"k2:{key(9)},k1:{NOUGHT}"},
        ["KEYS: key 'k1' is one byte repeated"],
    ),
    "a sealing key that does not read": ({"sealing_keys": "k1:no base64"}, ["KEYS: key 'k1' does not read"]),
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
        ["key 'k1' is the same value as COHORTMGR_SEALING_KEYS: key 'k2'"],
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
