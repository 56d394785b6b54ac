"""What nobody would send by mistake: values for fields, addresses and headers, and bodies of a wrong shape."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Any

# If one of these stands in a page as it is, something was written into it unescaped.
SCRIPT = "<script>zqhostile</script>"
TAG = "\"'><img src=zqhostile onerror=alert(1)>"
UNESCAPED = ("<script>zqhostile", "<img src=zqhostile")

TEXTS: tuple[str, ...] = (
    SCRIPT,
    TAG,
    "{{ 7 * 7 }}{% raw %}",
    "%(x)s %d %n {0} {x.__class__}",
    "' OR 1=1 --",
    "a\r\nX-Hostile: b",
    "a\nb",
    "\x00",
    "a\x00b",
    "\x1b[31m\x7f\x85\u2028",
    "\u202e\u200f\u2066",
    "\ufffd\uffff\U0010ffff",
    "e\u0301" * 40,
    "../../../../etc/passwd",
    "//example.org/x",
    "/my\r\nX-Hostile: b",
    "javascript:alert(1)",
    " ",
    "x" * 70_000,
    "(" * 3000,
    "[" * 3000,
    "a.b" * 2000,
    "@" * 300,
    "a@" + "b" * 300 + ".ma",
    "+" + "9" * 60,
)
NUMBERS: tuple[str, ...] = (
    "0", "-1", "-0", "+1", "1.5", "1,5", "٣", "²", "１", "1_000", " 1 ", "0x10", "1e5", "1e999999", "-1e999999",
    "1e-999999", "NaN", "sNaN", "Infinity", "-inf", "2147483647", "2147483648", "-2147483649", "9223372036854775808",
    "9" * 20, "9" * 401, "-" + "9" * 401, "1" + "0" * 5000, "--5", "5-", "1/0",
)  # fmt: skip
DAYS: tuple[str, ...] = (
    "0000-00-00", "0000-01-01", "0001-01-01", "9999-12-31", "9999-12", "2999-12", "0000-01", "2026-13-45",
    "2026-02-30", "31/12/9999", "1/1/0001", "99/99/9999", "٣١/١٢/٩٩٩٩", "2026-W53-7", "9999W527", "20261301",
    "9999-12-31T23:59:59.999999", "0001-01-01T00:00", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00",
    "2026-10-25T02:30", "24:00", "23:59:60", "-2026-01-01", "10000-01-01",
)  # fmt: skip
VALUES = (*TEXTS, *NUMBERS, *DAYS)
DEEP = "[" * 100_000
HEADERS: tuple[Mapping[str, str], ...] = (
    {"Accept-Language": "x" * 5000},
    {"Accept-Language": "fr;q=x,ar;q=-1,*;q=1e999,en-\u00e9"},
    {"Range": "bytes=9-1,-,0-99999999999999999999"},
    {"If-Modified-Since": "Fri, 31 Dec 9999 23:59:60 GMT"},
    {"If-None-Match": '"' + "x" * 3000},
    {"Referer": "http://[::1"},
    {"Origin": "http://[x"},
    {"Origin": "http://["},
    {"Origin": "http://a]b"},
    {"Origin": "null", "Referer": "http://["},
    {"Referer": "https://["},
    {"Referer": "https://localhost:bad/"},
    {"Referer": "https://localhost:99999/"},
    {"Referer": "http://a\u2100b/"},
    {"Host": "["},
    {"Host": "a]b:99999"},
    {"Forwarded": "for=[", "X-Forwarded-Host": "[::", "X-Forwarded-Proto": "x"},
    {"Upload-Offset": "9" * 500},
    {"Accept-Encoding": "gzip;q=x,,;;"},
    {"X-Forwarded-For": "x, 999.999.999.999"},
    {"User-Agent": "\u00e9" * 400},
)
Sent = dict[str, Any]


def file(name: str = "x.pdf", data: bytes = b"%PDF-1.4 nothing") -> tuple[io.BytesIO, str]:
    """A file as a form sends it."""
    return io.BytesIO(data), name


def spoilt(random: Random, fields: Mapping[str, Any]) -> Sent:
    """A form as its page sends it, but for one to three fields that hold something hostile."""
    sent: Sent = {name: value for name, value in fields.items() if name != "csrf_token"}
    names = list(sent) or ["text"]
    for name in random.sample(names, min(len(names), random.randint(1, 3))):
        sent[name] = random.choice(VALUES)
    return {"data": sent}


def all_hostile(random: Random, fields: Mapping[str, Any]) -> Sent:
    """Every field hostile, and more fields than the page has."""
    names = [*fields, "version", "count", "page", "next", "number", "x" * 300]
    return {"data": {name: random.choice(VALUES) for name in names}}


def lacking(random: Random, fields: Mapping[str, Any]) -> Sent:
    """A form in which half of the fields are missing."""
    return {"data": {name: value for name, value in fields.items() if random.random() < 0.5}}


def empty(_random: Random, _fields: Mapping[str, Any]) -> Sent:
    """A form without a field."""
    return {"data": {}}


def repeated(random: Random, fields: Mapping[str, Any]) -> Sent:
    """Each field twice to five hundred times."""
    times = random.choice((2, 3, 500 // max(1, len(fields))))
    return {"data": {name: [value, *[random.choice(VALUES[:20])] * times] for name, value in fields.items()}}


def as_files(random: Random, fields: Mapping[str, Any]) -> Sent:
    """Files under the names of texts; their own names are hostile too."""
    named = ("x.pdf", "", "a\r\nb.pdf", SCRIPT + ".png", "../" * 40 + "x", "x" * 3000 + ".pdf", "a\x00.pdf")
    sent = {name: file(random.choice(named)) for name in fields}
    return {"data": sent or {"text": file()}, "content_type": "multipart/form-data"}


def as_text_for_files(random: Random, fields: Mapping[str, Any]) -> Sent:
    """Texts under the names of files, and files that are none."""
    wrong = {"file": file("x.toml", b"[" * 5000), "files": file("x.csv", b"\xff\xfe\x00" * 500)}
    chosen: Sent = {"file": "x", "files": random.choice(TEXTS)} if random.random() < 0.4 else dict(wrong)
    if random.random() < 0.3:
        nests = b"a = " + b"[" * 5000 + b"]" * 5000
        chosen["file"] = file("x.toml", random.choice((nests, b"a." * 4000 + b"b = 1", b"a = 1e999999", b"")))
    return {"data": {**fields, **chosen}, "content_type": "multipart/form-data"}


def in_json(random: Random, fields: Mapping[str, Any]) -> Sent:
    """The fields as JSON, with tables, lists and numbers where texts stand."""
    held: tuple[Any, ...] = (
        {"a": 1},
        [],
        [[]],
        1,
        1.5,
        None,
        True,
        "\ud800",
        "\x00",
        10**400,
        {"": {"": []}},
        ["x"],
    )
    body = {name: random.choice(held) for name in (*fields, "fields", "keys", "seen", "kept")}
    return {"data": json.dumps(body), "content_type": "application/json"}


def wrong_json(random: Random, _fields: Mapping[str, Any]) -> Sent:
    """What is no JSON, or no table, or nests without end."""
    said = random.choice(("", "{", "[]", "1", "null", '"x"', DEEP, '{"a":' * 50_000, "NaN", "1e999", "\xff"))
    body = random.choice(
        (said.encode("latin-1"), b"\xff\xfe{}", b'{"fields":{"a":["\\ud800"]},"keys":["a"]}')
    )
    return {"data": body, "content_type": "application/json"}


def broken(random: Random, _fields: Mapping[str, Any]) -> Sent:
    """Bodies that are not what their type says, and types that are none."""
    kinds = ("multipart/form-data", "multipart/form-data; boundary=x", "text/plain", "application/xml", "x", "",
             "application/x-www-form-urlencoded; charset=utf-99", "application/x-www-form-urlencoded")  # fmt: skip
    said = (
        b"--x\r\nContent-Disposition: form-data; name=text",
        b"%zz=%ff%fe&=&&a=%00",
        b"\xff" * 100,
        b"",
        b"--x--",
    )
    return {"data": random.choice(said), "content_type": random.choice(kinds)}


SHAPES: Sequence[Callable[[Random, Mapping[str, Any]], Sent]] = (
    spoilt,
    spoilt,
    spoilt,
    all_hostile,
    lacking,
    empty,
    repeated,
    as_files,
    as_text_for_files,
    in_json,
    wrong_json,
    broken,
)
