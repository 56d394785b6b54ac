"""The broker of a demonstration: Kombu's files in a folder, where no reader meets a half-written one.

Kombu opens a message under the name that readers look for, and then writes it. A worker that looks in between
reads nothing, cannot parse it, and ends. Here a message gets its name only once it is whole.
"""

from __future__ import annotations

import logging
import os
from json import JSONDecodeError, dumps
from pathlib import Path
from time import monotonic
from typing import Any
from uuid import uuid4

from kombu.transport import filesystem

_log = logging.getLogger(__name__)


class Channel(filesystem.Channel):
    """Messages as files, oldest first."""

    # Kombu's two parent classes name this parameter differently.
    def _put(self, queue: str, payload: dict[str, Any], **kwargs: Any) -> None:  # type: ignore[override]
        folder = Path(self.data_folder_out)
        name = f"{round(monotonic() * 1000)}_{uuid4()}.{queue}.msg"
        part = folder / f"{name}.part"
        part.write_text(dumps(payload), encoding="utf-8")
        os.replace(part, folder / name)

    def _get(self, queue: str, timeout: float | None = None) -> dict[str, Any]:
        """Return the next message; raise `queue.Empty` when there is none.

        A message that a dying machine left half written is skipped:
        it was only a wake, and the sweep finds the rows.
        """
        while True:
            try:
                found: dict[str, Any] = super()._get(queue)
            except JSONDecodeError as error:
                _log.warning("a message of %s could not be read: %s", queue, error)
            else:
                return found


class Transport(filesystem.Transport):
    """The transport class that Kombu is told to use."""

    Channel = Channel
