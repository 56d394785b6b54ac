"""Files in a bucket of a server that speaks S3: Amazon's, MinIO, Ceph, Garage and others.

What is asked is what all of them know: objects by path, signed by version 4, no checksums of later years. Whoever
calls waits seconds and no longer, and while the server is known not to answer, not at all."""

from __future__ import annotations

import errno
import logging
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from cohortmgr.base.production.notation import Bucket
from cohortmgr.base.stores.store import Held, StoreAway, require_name

# An answer that was cut off sooner than after so many seconds is asked for again.
SOON = 0.5
# Seconds for which a server that did not answer is not asked again: eight threads would wait for it, one after another.
RESTS = 3.0
_GONE = frozenset({"NoSuchKey", "404"})
_FULL = frozenset(
    {"InsufficientStorage", "QuotaExceeded", "XMinioStorageFull", "XMinioAdminBucketQuotaExceeded"}
)
# What the answers that an operator can mend mean.
_TOLD = {
    "InvalidAccessKeyId": "it does not know the key of COHORTMGR_FILES_URL",
    "SignatureDoesNotMatch": "the secret of COHORTMGR_FILES_URL is not the one of its key",
    "AccessDenied": "the key of COHORTMGR_FILES_URL may not do this in the bucket",
    "RequestTimeTooSkewed": "the clock of this machine and the server's differ by minutes: set it by NTP",
    "NoSuchBucket": "the bucket of COHORTMGR_FILES_URL does not exist: make it first",
    "AuthorizationHeaderMalformed": "the region of COHORTMGR_FILES_URL is not the bucket's",
    "PermanentRedirect": "the region of COHORTMGR_FILES_URL is not the bucket's",
    "SlowDown": "it is asked more than it can do",
}
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Patience:
    """How long a call waits: seconds until the server lets in, seconds until it says something, and how often."""

    connect: float
    read: float
    attempts: int


# With the pause before the second attempt, at most a second, a page is answered within five.
OF_PAGES = Patience(0.8, 1.6, 2)
OF_WORKERS = Patience(3.0, 20.0, 4)


class S3Store:
    """A store whose names are keys of a bucket."""

    def __init__(self, bucket: Bucket, patience: Patience) -> None:
        self._bucket = bucket.name
        self._rests_until = 0.0
        # A session of its own: threads may not begin at once with the one that boto3 keeps for all.
        session = boto3.session.Session(
            aws_access_key_id=bucket.key, aws_secret_access_key=bucket.secret, region_name=bucket.region
        )
        self._client: Any = session.client("s3", endpoint_url=bucket.endpoint, config=_config(patience))

    def put(self, name: str, data: bytes) -> None:
        """Keep a file: the server has it whole and safely before it answers."""
        self._asked(self._client.put_object, Key=require_name(name), Body=data)

    def get(self, name: str) -> bytes:
        """Return a file. Raises FileNotFoundError."""
        return self._asked(self._read, Key=require_name(name))

    def drop(self, name: str) -> None:
        """Remove a file. One that is already gone is no error."""
        self._asked(self._client.delete_object, Key=require_name(name))

    def list(self, prefix: str) -> Iterator[Held]:
        """Go through the files, a thousand at each question, in the order of their names."""
        more: dict[str, str] = {}
        while True:
            page = self._asked(self._client.list_objects_v2, Prefix=prefix, **more)
            for each in page.get("Contents", ()):
                yield Held(each["Key"], each["Size"], each["LastModified"])
            if not page.get("IsTruncated"):
                return
            more = {"ContinuationToken": page["NextContinuationToken"]}

    def _read(self, **place: str) -> bytes:
        began = time.monotonic()
        try:
            return _whole(self._client.get_object(**place))
        except BotoCoreError:
            if time.monotonic() - began > SOON:
                raise
        return _whole(self._client.get_object(**place))

    def _asked(self, call: Callable[..., Any], **given: Any) -> Any:
        """Call, and say what ails in the words of every store."""
        if time.monotonic() < self._rests_until:
            raise StoreAway("it did not answer a moment ago")
        try:
            return call(Bucket=self._bucket, **given)
        except ClientError as error:
            raise _meaning(error.response, given.get("Key", "")) from error
        except BotoCoreError as error:
            self._rests_until = time.monotonic() + RESTS
            _log.error("the files' store does not answer: %s", type(error).__name__)
            raise StoreAway(f"it does not answer ({type(error).__name__})") from error


def _config(patience: Patience) -> Config:
    return Config(
        signature_version="s3v4",
        # Over TLS too: what is stored is what was signed.
        s3={"addressing_style": "path", "payload_signing_enabled": True},
        connect_timeout=patience.connect,
        read_timeout=patience.read,
        retries={"total_max_attempts": patience.attempts, "mode": "standard"},
        max_pool_connections=10,
        tcp_keepalive=True,
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    )


def _whole(answer: Mapping[str, Any]) -> bytes:
    data: bytes = answer["Body"].read()
    return data


def _meaning(answer: Mapping[str, Any], name: str) -> Exception:
    """Return what an answer that refuses means."""
    code = str(answer.get("Error", {}).get("Code", ""))
    if code in _GONE:
        return FileNotFoundError(name)
    if code in _FULL:
        return OSError(errno.ENOSPC, "the files' store has no room")
    status = answer.get("ResponseMetadata", {}).get("HTTPStatusCode", "?")
    told = _TOLD.get(code, f"it answered {status} {code[:40]}")
    _log.error("the files' store refuses: %s", told)
    return StoreAway(told)
