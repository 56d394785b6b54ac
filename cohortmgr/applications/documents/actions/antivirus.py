"""Ask ClamAV's daemon about a file, by its INSTREAM command, over TCP (`host:port`) or a socket's path."""

from __future__ import annotations

import socket
import struct

from cohortmgr.base.production.notation import read_scanner

CHUNK = 128 * 1024
PATIENCE = 30.0
_LONGEST_ANSWER = 4096


class ScannerStopped(Exception):
    """The scanner is configured but does not answer as it should, so nothing is known about the file."""


def found_in(data: bytes, address: str) -> str | None:
    """The name of the virus that the scanner finds in the data; None if none. Or ScannerStopped."""
    try:
        with _connected(address) as line:
            line.sendall(b"zINSTREAM\0")
            for start in range(0, len(data), CHUNK):
                piece = data[start : start + CHUNK]
                line.sendall(struct.pack(">I", len(piece)) + piece)
            line.sendall(struct.pack(">I", 0))
            answer = _answer(line)
    except OSError as error:
        raise ScannerStopped(str(error)) from error
    if answer.endswith(" FOUND"):
        return answer.removeprefix("stream:").removesuffix(" FOUND").strip()
    if answer.endswith(": OK"):
        return None
    raise ScannerStopped(answer or "no answer")


def _connected(address: str) -> socket.socket:
    try:
        place = read_scanner(address)
    except ValueError as error:
        raise OSError(str(error)) from None
    if isinstance(place, str):
        line = socket.socket(socket.AF_UNIX)
        line.settimeout(PATIENCE)
        line.connect(place)
        return line
    return socket.create_connection(place, PATIENCE)


def _answer(line: socket.socket) -> str:
    read = b""
    while not read.endswith(b"\0") and len(read) < _LONGEST_ANSWER:
        piece = line.recv(1024)
        if not piece:
            break
        read += piece
    return read.rstrip(b"\0").decode("utf-8", "replace").strip()
