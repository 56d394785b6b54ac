"""The body of a request as it is read: malformed ones are the sender's fault, and one that is too long is never cut."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import IO, cast

from flask import Request, request
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import BadRequest, ClientDisconnected, HTTPException, RequestEntityTooLarge
from werkzeug.utils import cached_property
from werkzeug.wsgi import LimitedStream, get_content_length, get_input_stream

from cohortmgr.base.typed import entered


class ChunkedBody(LimitedStream):
    """A body whose length its headers do not say; the server parses its chunks while it is read."""

    def __init__(self, stream: IO[bytes], most: int) -> None:
        super().__init__(stream, most, is_max=True)

    def readinto(self, b: bytearray) -> int | None:  # type: ignore[override]
        """Read on. What the server cannot parse is a bad request; its own error would count as ours."""
        with _from_the_sender():
            return super().readinto(b)

    def readall(self) -> bytes:
        """Read to the end. Werkzeug's own stops at the limit and leaves the rest, as if the sender had ended there."""
        found = super().readall()
        if self.is_exhausted:
            self.on_exhausted()
        return found

    def on_exhausted(self) -> None:
        """Refuse what goes on after the limit; what ends there is taken."""
        with _from_the_sender():
            more = self._stream.read(1)
        if more:
            raise RequestEntityTooLarge


@contextmanager
def _from_the_sender() -> Iterator[None]:
    try:
        yield
    except HTTPException:
        raise
    except Exception as error:
        raise BadRequest from error


def arrived() -> bytes:
    """Return what came of the request's body; of one that was cut off, what came before."""
    found = bytearray()
    with suppress(ClientDisconnected):
        while piece := request.stream.read(64 * 1024):
            found += piece
    return bytes(found)


def _values(sent: MultiDict[str, str]) -> Iterator[str]:
    return (text for _name, text in sent.items(multi=True))


class HouseRequest(Request):
    """The application's request. The texts of a form are read here and nowhere else, so that none holds a control sign,
    whichever field it fills; names are the page's, and stay."""

    def _load_form_data(self) -> None:
        super()._load_form_data()
        sent = self.__dict__["form"]
        if not all(text.isprintable() for text in _values(sent)):
            told = [(name, entered(text)) for name, text in sent.items(multi=True)]
            self.__dict__["form"] = self.parameter_storage_class(told)

    @cached_property
    def stream(self) -> IO[bytes]:
        """The body, limited by its stated length or by the most that is taken.

        One that ends before its stated length is a bad request: half of a form would pass for a whole one."""
        most, length = self.max_content_length, get_content_length(self.environ)
        source: IO[bytes] = self.environ["wsgi.input"]
        if length is not None:
            if most is not None and length > most:
                raise RequestEntityTooLarge
            return cast(IO[bytes], LimitedStream(source, length))
        if most is None or "wsgi.input_terminated" not in self.environ:
            return get_input_stream(self.environ)
        return cast(IO[bytes], ChunkedBody(source, most))
