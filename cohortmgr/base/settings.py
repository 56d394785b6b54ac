"""Settings, read from environment variables with the prefix COHORTMGR_.

Without any, everything lives in one folder (`COHORTMGR_DATA`): SQLite, the broker's files, secrets made at
the first start, stored files and the outbox. Production does not start without a database and secrets of its
own, nor with a setting that would undo its walls or never work: `production/refusals.py` lists them, and all are
told at once.
"""

from __future__ import annotations

import base64
import os
import secrets as random
import stat
from contextlib import suppress
from pathlib import Path
from typing import Annotated

from phonenumbers import SUPPORTED_REGIONS
from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
from sqlalchemy import make_url

from cohortmgr.base.production.refusals import (
    DATABASES,
    files_problem,
    refusals,
    replica_problem,
    url_problem,
    variable,
)

ROOT = Path(__file__).resolve().parents[2]
MIB = 1024 * 1024
MOST_CODES = 10_000_000

# What the application writes into the data folder.
OWN_FOLDERS = ("broker", "files", "incoming", "mail", "secrets", "sms", "trail", "uploads")


def _as_text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)


def read_settings() -> Settings:
    """Return the settings. If they are invalid, exit with one line for each mistake instead of a stack trace."""
    try:
        return Settings()
    except ValidationError as error:
        lines = [f"{_place(each['loc'])}: {each['msg']}" for each in error.errors()]
        raise SystemExit(
            "The settings (COHORTMGR_… in the environment) do not hold.\n" + "\n".join(lines)
        ) from None
    except OSError as error:
        raise SystemExit(f"COHORTMGR_DATA: {error.filename}: {error.strerror}") from None


def _place(loc: tuple[int | str, ...]) -> str:
    """Return the variable that an error of pydantic is about."""
    return variable(str(loc[0])) if loc else "settings"


class Settings(BaseSettings):
    """All settings of the installation; the field `name` is COHORTMGR_NAME in the environment."""

    # What an error repeats of the environment would be its secrets.
    model_config = SettingsConfigDict(env_prefix="COHORTMGR_", extra="ignore", hide_input_in_errors=True)

    data: Path = Field(default=ROOT / "var", description="folder for all that the embedded default writes")
    production: bool = Field(
        default=False,
        description="refuses a movable clock and the settings that production/refusals.py lists",
    )
    demonstration: bool = Field(default=False, description="shows the demonstration's mailbox and sign-ins")

    database_url: str = Field(
        default="", description="the application's role; empty: SQLite in the data folder"
    )
    owner_database_url: str = Field(
        default="", description="the role that owns the tables and migrates; empty: database_url"
    )
    system_database_url: str = Field(
        default="", description="the worker's and commands' role (BYPASSRLS); empty: database_url"
    )
    superuser_database_url: str = Field(default="", description="only for `flask operations roles`")
    replica_database_url: str = Field(
        default="", description="a replica of database_url, for what only reads; empty: none"
    )
    files_url: str = Field(
        default="",
        description="where files lie, s3://key:secret@host:port/bucket?region=…&tls=…; empty: in the data folder",
    )
    broker_url: str = Field(default="", description="Redis; empty: files in the data folder")

    secret_key: str = Field(default="", description="signs cookies; empty: made once in the data folder")
    sealing_keys: str = Field(
        default="", description="'id:base64,...', newest first; empty: made once in the data folder"
    )
    index_key: str = Field(
        default="", description="base64, keys the blind indexes; empty: made once in the data folder"
    )
    trail_key: str = Field(
        default="", description="base64, keys the trail's digests; empty: made once in the data folder"
    )

    base_url: str = Field(default="http://127.0.0.1:8000", description="how links in messages begin")
    secure_cookies: bool = Field(
        default=False, description="cookies over HTTPS only; always so when base_url is https"
    )
    proxies: int = Field(
        default=0, ge=0, le=9, description="how many reverse proxies stand before the application"
    )
    clamd: str = Field(
        default="", description="ClamAV's daemon, host:port or a socket's path; empty: files are not scanned"
    )
    upload_limit: int = Field(default=8 * MIB, ge=MIB, le=1024 * MIB, description="bytes of one request")
    import_limit: int = Field(
        default=20 * MIB, ge=MIB, le=1024 * MIB, description="bytes of one imported file"
    )
    mail_url: str = Field(
        default="", description="smtp://[user:password@]host[:port], smtps:// for TLS; empty: a folder"
    )
    mail_from: str = Field(
        default="cohortmgr <ne-pas-repondre@cohortmgr.example>", description="who messages come from"
    )

    mail_url_2: str = Field(
        default="", description="a second provider, for when the first cannot be reached; empty: none"
    )
    mail_rates: str = Field(
        default="",
        description="messages a second by domain, as gmail.com=20,outlook.com=5,*=50; empty: no limit",
    )
    mail_domain: str = Field(
        default="cohortmgr.example", description="the domain of Message-IDs, returned mail and replies"
    )
    dkim_key: str = Field(
        default="", description="path of a private key, or its PEM in base64; empty: none signs"
    )
    dkim_selector: str = Field(
        default="cohortmgr", description="the selector under which the key is published"
    )
    dkim_domain: str = Field(default="", description="the domain that signs; empty: mail_domain")
    sms_url: str = Field(
        default="",
        description="where short messages are posted, https://user:password@host/path; empty: a folder",
    )
    sms_cost: int = Field(default=350, ge=0, le=100_000, description="thousandths of a dirham for a segment")
    sms_countries: Annotated[tuple[str, ...], NoDecode] = Field(
        default=("MA",), description="countries to whose mobiles SMS go, as MA,FR (ISO 3166)"
    )
    sms_codes_a_day: int = Field(
        default=2000,
        ge=0,
        le=MOST_CODES,
        description="all SMS in 24 hours; mailings stop at half, notices and strangers' codes at three quarters",
    )
    codes_an_hour: int = Field(
        default=20_000,
        ge=1,
        le=MOST_CODES,
        description="codes that nobody typed in an hour before strangers wait",
    )
    incoming: str = Field(
        default="", description="folder of incoming mail; empty: incoming in the data folder"
    )

    def environment(self) -> dict[str, str]:
        """Return the settings as the variables by which another process of the same installation gets them."""
        return {f"COHORTMGR_{name.upper()}": _as_text(value) for name, value in self.model_dump().items()}

    @field_validator("sms_countries", mode="before")
    @classmethod
    def _countries(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        found = tuple(each.strip().upper() for each in value.split(",") if each.strip())
        wrong = [place for place, each in enumerate(found, 1) if each not in SUPPORTED_REGIONS]
        if wrong or not found:
            raise ValueError(
                f"{f'part {wrong[0]}' if wrong else 'nothing'} is no country: write them as MA,FR"
            )
        return found

    @model_validator(mode="after")
    def _complete(self) -> Settings:
        self.data = self.data.resolve()
        self.base_url = self.base_url.strip().removesuffix("/")
        self.secure_cookies = self.secure_cookies or self.base_url.startswith("https:")
        if self.production:
            problems = list(refusals(self.model_dump()))
            if problems:
                raise ValueError("\n".join(problems))
            return self
        self.data.parent.mkdir(parents=True, exist_ok=True)
        self.data.mkdir(mode=0o700, exist_ok=True)
        self.database_url = self.database_url or f"sqlite:///{self.data / 'cohortmgr.sqlite3'}"
        self.secret_key = self.secret_key or self._made("secret_key")
        self.sealing_keys = self.sealing_keys or f"k1:{self._made('sealing_key')}"
        self.index_key = self.index_key or self._made("index_key")
        self.trail_key = self.trail_key or self._made("trail_key")
        return self

    @model_validator(mode="after")
    def _roles(self) -> Settings:
        self.owner_database_url = self.owner_database_url or self.database_url
        self.system_database_url = self.system_database_url or self.database_url
        problems = [url_problem(name, getattr(self, name)) for name in DATABASES]
        problems += [
            files_problem(self.files_url),
            replica_problem(self.replica_database_url, self.database_url),
        ]
        if any(problems):
            raise ValueError("\n".join(filter(None, problems)))
        return self

    @property
    def embedded_broker(self) -> bool:
        """Whether the broker is a folder of files (the default) instead of Redis."""
        return not self.broker_url

    def _made(self, name: str) -> str:
        """Return a secret of this installation, made at the first start.

        `os.link` fails if the file exists, so two processes that start at the same time agree on one secret.
        """
        folder = self.data / "secrets"
        folder.mkdir(mode=0o700, exist_ok=True)
        path = folder / name
        draft = folder / f".{name}.{os.getpid()}"
        if not path.exists():
            draft.write_text(base64.b64encode(random.token_bytes(32)).decode())
            draft.chmod(0o600)
            try:
                os.link(draft, path)
            except FileExistsError:
                pass
            finally:
                draft.unlink()
        return path.read_text().strip()


def keep_private(settings: Settings) -> None:
    """Have this process write its files for its own user alone, 0600 and folders 0700, and close what an earlier
    version left readable for others.

    One rule for the process, because files are written by many: by us, by SQLite, by the broker's folder. A data
    folder that was given stays as it is; what lies in it is closed."""
    os.umask(0o077)
    url = make_url(settings.database_url)
    kept = [settings.data / name for name in OWN_FOLDERS]
    if url.get_backend_name() == "sqlite" and url.database and url.database != ":memory:":
        kept += [Path(url.database + suffix) for suffix in ("", "-wal", "-shm")]
    for path in kept:
        with suppress(FileNotFoundError):
            found = path.stat()
            if found.st_mode & 0o077 and found.st_uid == os.geteuid():
                path.chmod(stat.S_IMODE(found.st_mode) & 0o700)
