"""docker-compose.yml cannot run in the tests: it is held against the settings, the image's file and itself."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from cohortmgr.base.crypto import Keyring
from cohortmgr.base.settings import Settings, read_settings

ROOT = Path(__file__).resolve().parents[3]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = ("prepare", "web", "worker", "beat")
FIELDS = {f"COHORTMGR_{name.upper()}" for name in Settings.model_fields}
FALLBACK = re.compile(r"\$\{(\w+)(?::([-?])([^}]*))?\}")


def ours(name: str) -> dict[str, str]:
    """What a service sets of our settings."""
    return {
        key: str(value)
        for key, value in SERVICES[name]["environment"].items()
        if key.startswith("COHORTMGR_")
    }


# What the one who installs writes into .env, as the head of the file asks for it.
ENV = {
    "COHORTMGR_SECRET_KEY": base64.b64encode(bytes(range(32))).decode(),
    "COHORTMGR_INDEX_KEY": base64.b64encode(bytes(range(1, 33))).decode(),
    "COHORTMGR_SEALING_KEYS": "k1:" + base64.b64encode(bytes(range(2, 34))).decode(),
    "COHORTMGR_TRAIL_KEY": base64.b64encode(bytes(range(3, 35))).decode(),
    "COHORTMGR_BASE_URL": "https://cohorts.example",
    "COHORTMGR_MAIL_URL": "smtp://mail.example:587",
}


def filled(value: str) -> str:
    """A value as the one who installs gets it: defaults applied, .env filled in."""

    def fill(match: re.Match[str]) -> str:
        return str(match[3]) if match[2] == "-" else ENV.get(match[1], "made-up")

    return FALLBACK.sub(fill, value)


@pytest.fixture
def as_composed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[str], None]:
    """Give the process the environment of a service, as Docker would."""

    def give(name: str) -> None:
        for key, value in ours(name).items():
            monkeypatch.setenv(key, filled(value))
        monkeypatch.setenv("COHORTMGR_DATA", str(tmp_path))

    return give


@pytest.mark.parametrize("name", OURS)
def test_each_variable_that_is_set_exists(name: str) -> None:
    assert set(ours(name)) <= FIELDS, set(ours(name)) - FIELDS


# What nobody sets there: the mailbox that everybody reads, a second superuser (the preparation has it), and the
# folder of incoming mail, which lies in the volume.
NOT_PASSED = {"COHORTMGR_DEMONSTRATION", "COHORTMGR_SUPERUSER_DATABASE_URL", "COHORTMGR_INCOMING"}


@pytest.mark.parametrize("name", OURS)
def test_each_setting_reaches_each_service_or_is_left_out_on_purpose(name: str) -> None:
    assert FIELDS - set(ours(name)) - NOT_PASSED == set()
    assert NOT_PASSED <= FIELDS


def test_what_nobody_sets_is_what_the_settings_have() -> None:
    given = ours("web")
    for name, field in Settings.model_fields.items():
        match = FALLBACK.fullmatch(given.get(f"COHORTMGR_{name.upper()}", ""))
        if match and match[2] == "-" and name != "proxies":  # a proxy ends TLS before this installation
            default = field.default
            said = ",".join(default) if isinstance(default, tuple) else str(default)
            assert match[3] == said, name


@pytest.mark.parametrize("name", OURS)
def test_each_service_s_settings_are_read_as_it_would_start(
    name: str, as_composed: Callable[[str], None]
) -> None:
    as_composed(name)
    settings = read_settings()
    assert settings.production and settings.secure_cookies
    assert settings.base_url == ENV["COHORTMGR_BASE_URL"]
    Keyring.parse(settings.sealing_keys, settings.index_key, settings.trail_key)


def test_a_missing_variable_would_be_noticed(
    as_composed: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    as_composed("web")
    monkeypatch.delenv("COHORTMGR_BROKER_URL")
    with pytest.raises(SystemExit, match="COHORTMGR_BROKER_URL"):
        read_settings()


@pytest.mark.parametrize("name", [*ENV, "REDIS_PASSWORD"])
def test_what_has_no_safe_default_is_asked_for(name: str) -> None:
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    assert {match[2] for match in FALLBACK.finditer(text) if match[1] == name} == {"?"}
    assert name in text[: text.index("x-application")], "the head of the file lists what .env must hold"


def test_cookies_are_secure_whatever_stands_in_the_environment() -> None:
    assert {ours(name)["COHORTMGR_SECURE_COOKIES"] for name in OURS} == {"true"}


def test_the_mail_catcher_runs_for_a_trial_alone() -> None:
    assert SERVICES["mail"]["profiles"] == ["trial"]
    assert [name for name in SERVICES if "profiles" in SERVICES[name]] == ["mail"]


def test_only_the_preparation_holds_the_superuser_s_address() -> None:
    holders = [
        name
        for name in SERVICES
        if "COHORTMGR_SUPERUSER_DATABASE_URL" in SERVICES[name].get("environment", {})
    ]
    assert holders == ["prepare"]


def test_no_secret_stands_in_the_file() -> None:
    for name in SERVICES:
        for key, value in SERVICES[name].get("environment", {}).items():
            if re.search(r"PASSWORD|SECRET|KEY", key):
                assert FALLBACK.search(str(value)), f"{name}: {key}"
            assert not re.search(r"://\w+:(?!\$\{)[^@/]+@", str(value)), f"{name}: {key}"


def test_the_parts_are_there_and_none_runs_as_root() -> None:
    assert {"web", "worker", "beat", "postgres", "redis", "mail"} <= set(SERVICES)
    for name, service in SERVICES.items():
        assert str(service.get("user", "root")) not in {"root", "0"}, name


@pytest.mark.parametrize("name", sorted(set(SERVICES) - {"prepare"}))
def test_each_lasting_service_has_a_health_check_and_starts_again(name: str) -> None:
    assert SERVICES[name]["healthcheck"]["test"], name
    assert SERVICES[name]["restart"] == "unless-stopped"


def test_what_is_waited_for_exists_and_volumes_are_declared() -> None:
    for name, service in SERVICES.items():
        for other, how in service.get("depends_on", {}).items():
            assert other in SERVICES, f"{name} waits for {other}"
            if how["condition"] == "service_healthy":
                assert "healthcheck" in SERVICES[other], other
        for volume in service.get("volumes", []):
            assert volume.split(":")[0] in COMPOSE["volumes"], volume


def test_ports_are_shown_on_the_loopback_alone() -> None:
    for service in SERVICES.values():
        for port in service.get("ports", []):
            assert str(port).startswith("127.0.0.1:"), port


def test_the_image_copies_what_exists_and_does_not_run_as_root() -> None:
    lines = (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines()
    for line in lines:
        if line.startswith("COPY ") and "--from" not in line:
            for source in line.split()[1:-1]:
                assert (ROOT / source).exists(), source
    users = [line.split()[1] for line in lines if line.startswith("USER ")]
    assert users and users[-1] not in {"root", "0"}
    assert "--require-hashes" in "\n".join(lines)
