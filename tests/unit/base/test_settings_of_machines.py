"""Settings of an installation on several machines: where files lie, and a replica; refused in words, secrets unsaid."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from cohortmgr.base.production.notation import read_bucket
from cohortmgr.base.settings import Settings, read_settings
from tests.unit.base import test_settings
from tests.unit.base.test_settings import UNSAID, WALLED

_no_environment = test_settings._no_environment

FILES, REPLICA = "files_url", "replica_database_url"
REFUSED = {
    "files on no server": (FILES, "s3://k:s@/b", "does not begin with s3:// and name a host"),
    "files over something else": (FILES, "ftp://k:s@h/bucket", "does not begin with s3://"),
    "files on a port that is none": (FILES, "s3://k:s@h:x/bucket", "does not begin with s3://"),
    "files without a key": (FILES, "s3://h/bucket", "has no key and secret"),
    "files without a secret": (FILES, "s3://k@h/bucket", "has no key and secret"),
    "files in no bucket": (FILES, "s3://k:s@h", "names no bucket"),
    "files below a bucket": (FILES, "s3://k:s@h/bucket/below", "names no bucket"),
    "files with more": (FILES, "s3://k:s@h/bucket?acl=all", "has more behind its bucket"),
    "files with two regions": (FILES, "s3://k:s@h/bucket?region=a&region=b&tls=no", "has more behind"),
    "files in no region": (FILES, "s3://k:s@h/bucket?region=", "has a region that is none"),
    "files with half a wall": (FILES, "s3://k:s@h/bucket?tls=off", "neither yes nor no"),
    "a replica of another role": (REPLICA, "postgresql+psycopg://own@h/x", "names another role"),
    "a replica that is SQLite": (REPLICA, "sqlite:///x", "follows no PostgreSQL"),
    "a replica that does not read": (REPLICA, "here", "does not read"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_production_refuses_what_would_not_work_in_words_of_its_own(
    case: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    name, value, expected = REFUSED[case]
    (said,) = test_settings.refusals(monkeypatch, data=str(tmp_path), **{name: value})
    assert said.startswith(("settings: ", f"COHORTMGR_{name.upper()} ")), said
    assert f"COHORTMGR_{name.upper()} {expected}" in said or expected in said
    assert value not in said


SPILT = [
    (REPLICA, UNSAID),
    (REPLICA, f"postgresql+psycopg://app:{UNSAID}@h:port/x"),
    (REPLICA, f"postgresql+psycopg://{UNSAID}:x@h/x"),
    (REPLICA, f"sqlite:///{UNSAID}"),
    (FILES, UNSAID),
    (FILES, f"s3://key:{UNSAID}@h"),
    (FILES, f"s3://key:a/{UNSAID}@h/bucket"),
    (FILES, f"s3://key:{UNSAID}@[h/bucket"),
    (FILES, f"s3://{UNSAID}@h/bucket"),
    (FILES, f"s3://key:x@h/{UNSAID}"),
    (FILES, f"s3://key:{UNSAID}@h/bucket?{UNSAID}"),
]


@pytest.mark.parametrize(("name", "value"), SPILT)
def test_a_refusal_names_the_variable_and_repeats_no_part_of_it(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    test_settings.test_a_refusal_names_the_variable_and_repeats_no_part_of_it(
        name, value, monkeypatch, tmp_path
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        (FILES, "s3://AKIA7:se%2Fcret%2B@s3.eu-west-3.amazonaws.com/cohorts?region=eu-west-3"),
        (FILES, "s3://k:s@[::1]:9000/cohorts.files?tls=no"),
        (REPLICA, "postgresql+psycopg://app:other@replica/x"),
    ],
)
def test_production_takes_what_works(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for each, text in {**WALLED, "production": "true", "data": str(tmp_path), name: value}.items():
        monkeypatch.setenv(f"COHORTMGR_{each.upper()}", text)
    assert getattr(read_settings(), name) == value


def test_a_bucket_s_url_is_read_as_it_is_meant() -> None:
    found = read_bucket("s3://AKIA7:se%2Fcret%2B@[::1]:9000/cohorts.files/?tls=no&region=eu-west-3")
    assert (found.endpoint, found.name, found.region) == ("http://[::1]:9000", "cohorts.files", "eu-west-3")
    assert (found.key, found.secret) == ("AKIA7", "se/cret+") and "se/cret+" not in repr(found)
    plain = read_bucket("s3://k:s@files.example/cohorts")
    assert (plain.endpoint, plain.region) == ("https://files.example", "us-east-1")


def test_files_and_a_replica_are_refused_outside_of_production_too(tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match="COHORTMGR_FILES_URL names no bucket"):
        Settings(data=tmp_path, files_url="s3://k:s@h")
    with pytest.raises(ValidationError, match="follows no PostgreSQL"):
        Settings(data=tmp_path, replica_database_url="postgresql+psycopg://app@h/x")
