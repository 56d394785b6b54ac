"""Settings: an embedded default that makes its own secrets, a production that names what it lacks."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import ValidationError

from cohortmgr.base.settings import ROOT, Settings

KEY = base64.b64encode(b"k" * 32).decode()
PRODUCTION = {
    "database_url": "postgresql+psycopg://app@/x",
    "owner_database_url": "postgresql+psycopg://own@/x",
    "system_database_url": "postgresql+psycopg://sys@/x",
    "broker_url": "redis://x",
    "secret_key": "s",
    "sealing_keys": f"k1:{KEY}",
    "index_key": KEY,
}


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
    settings = Settings(data=tmp_path / "data", production=True, **PRODUCTION)
    assert settings.database_url == PRODUCTION["database_url"]
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("name", sorted(PRODUCTION))
def test_production_without_one_names_it(name: str, tmp_path: Path) -> None:
    given = {**PRODUCTION, name: ""}
    with pytest.raises(ValidationError, match=f"COHORTMGR_{name.upper()}"):
        Settings(data=tmp_path, production=True, **given)


def test_over_https_cookies_are_secure(tmp_path: Path) -> None:
    assert Settings(data=tmp_path, base_url="https://x.example").secure_cookies
    assert not Settings(data=tmp_path).secure_cookies


def test_the_default_makes_its_secrets_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    first, second = Settings(data=tmp_path), Settings(data=tmp_path)
    assert (first.secret_key, first.sealing_keys, first.index_key) == (
        second.secret_key,
        second.sealing_keys,
        second.index_key,
    )
    assert len({first.secret_key, first.sealing_keys, first.index_key}) == 3
    for file in (tmp_path / "secrets").iterdir():
        assert file.stat().st_mode & 0o077 == 0
    assert first.owner_database_url == first.system_database_url == first.database_url


def test_two_processes_at_the_first_start_agree_on_the_secrets(tmp_path: Path) -> None:
    script = (
        "import sys; sys.stdin.readline(); from cohortmgr.base.settings import Settings; s = Settings();"
        "print(s.secret_key, s.sealing_keys, s.index_key)"
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
    assert len(said) == 1 and len(said.pop().split()) == 3
