"""The broker of files: a message is there whole or not at all, and a torn one stops nobody."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from queue import Empty
from typing import Any

import pytest
from kombu import Connection

from cohortmgr.jobs.actions import broker  # noqa: F401  # names the transport
from cohortmgr.jobs.actions.broker_files import Channel


@pytest.fixture
def channel(tmp_path: Path) -> Iterator[Channel]:
    folders = {"data_folder_in": str(tmp_path), "data_folder_out": str(tmp_path)}
    options = {**folders, "control_folder": str(tmp_path / "control"), "store_processed": False}
    with Connection("files://", transport_options=options) as connection:
        yield connection.default_channel


def messages(folder: Path) -> list[str]:
    return [path.name for path in folder.glob("*.msg")]


def test_a_message_has_its_name_once_it_is_whole(
    channel: Channel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[list[str], str]] = []
    replace = os.replace

    def watched(part: Any, name: Any) -> None:
        with pytest.raises(Empty):
            channel._get("jobs")
        seen.append((messages(tmp_path), Path(part).read_text("utf-8")))
        replace(part, name)

    monkeypatch.setattr(os, "replace", watched)
    channel._put("jobs", {"body": "é" * 1000})
    assert seen[0][0] == [] and seen[0][1].endswith("}")
    assert len(messages(tmp_path)) == 1 and channel._size("jobs") == 1
    assert channel._get("jobs") == {"body": "é" * 1000}
    with pytest.raises(Empty):
        channel._get("jobs")


@pytest.mark.parametrize("torn", [b"", b'{"body": "h'])
def test_a_torn_message_is_passed_over(channel: Channel, tmp_path: Path, torn: bytes) -> None:
    (tmp_path / "0_torn.jobs.msg").write_bytes(torn)
    channel._put("jobs", {"body": "whole"})
    assert channel._get("jobs") == {"body": "whole"}
    assert messages(tmp_path) == []


def test_each_queue_has_its_own(channel: Channel) -> None:
    channel._put("outbox", {"body": "letters"})
    with pytest.raises(Empty):
        channel._get("jobs")
    assert channel._get("outbox") == {"body": "letters"}
