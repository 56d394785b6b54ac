"""Simulated people with a browser: cookies, redirects, forms with their token; and their whole journey."""

from __future__ import annotations

import itertools
import os
import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from urllib.parse import urlencode, urlsplit

from flask import Flask

from bench.installation import Installation
from bench.servers import Answer
from cohortmgr.accounts.actions import people
from cohortmgr.accounts.actions.passwords import prepare_hash
from cohortmgr.accounts.rules import SYSTEM
from cohortmgr.base.db import writing

Send = Callable[[str, str, bytes, Mapping[str, str]], Answer]
TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\n" + b"% a transcript of two hundred kilobytes\n" * 5000
PDF += b"trailer<</Root 1 0 R>>\n%%EOF\n"
PASSWORD = "quatre mots faciles ensemble"
_numbers = itertools.count(os.getpid() % 9000 * 100)


def within(app: Flask) -> Send:
    """A `Send` to an application in this process."""
    client = app.test_client(use_cookies=False)

    def send(method: str, path: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        found = client.open(path, method=method, data=body or None, headers=dict(headers))
        return Answer(found.status_code, dict(found.headers.items()), found.data)

    return send


class Visitor:
    """One browser."""

    def __init__(self, send: Send) -> None:
        self.send = send
        self.jar: dict[str, str] = {}
        self.place = "/"
        self.requests = 0

    def ask(self, method: str, path: str, body: bytes = b"", kind: str = "") -> Answer:
        """Send a request and follow its redirects; RuntimeError unless the last answer is 200."""
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.jar.items())}
        if kind:
            headers["Content-Type"] = kind
        answer = self.send(method, path, body, headers)
        self.requests += 1
        kept = answer.headers.get("Set-Cookie", "").partition(";")[0]
        if kept:
            name, _, value = kept.partition("=")
            self.jar[name] = value
        if answer.status in (301, 302, 303):
            target = urlsplit(answer.headers["Location"])
            return self.ask("GET", target.path + (f"?{target.query}" if target.query else ""))
        if answer.status != 200:
            raise RuntimeError(f"{method} {path} answered {answer.status}")
        self.place = path
        return answer

    def get(self, path: str) -> Answer:
        """Ask for a page."""
        return self.ask("GET", path)

    def post(self, page: Answer, path: str, fields: Mapping[str, str]) -> Answer:
        """Send the form of `page` to `path`."""
        body = urlencode({**fields, "csrf_token": token_of(page)}).encode()
        return self.ask("POST", path, body, "application/x-www-form-urlencoded")

    def post_file(
        self, page: Answer, path: str, fields: Mapping[str, str], name: str, content: bytes
    ) -> Answer:
        """Send the form of `page` to `path`, with one PDF."""
        border = "----------a-border-that-no-file-holds"
        parts = [
            f'--{border}\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'.encode()
            for key, value in {**fields, "csrf_token": token_of(page)}.items()
        ]
        head = f'--{border}\r\nContent-Disposition: form-data; name="{name}"; filename="releves.pdf"\r\n'
        parts += [
            f"{head}Content-Type: application/pdf\r\n\r\n".encode(),
            content,
            f"\r\n--{border}--\r\n".encode(),
        ]
        return self.ask("POST", path, b"".join(parts), f"multipart/form-data; boundary={border}")


def token_of(page: Answer) -> str:
    """The CSRF token of a page's form."""
    found = TOKEN.search(page.body.decode())
    if found is None:
        raise RuntimeError("the page has no form")
    return found[1]


def answers_of(number: int, email: str) -> dict[str, str]:
    """Valid answers to mdia's form, different for each person."""
    account = f"230780{number:016d}"
    key = 97 - int(account) * 100 % 97
    text = (
        "Je travaille depuis deux ans sur des données publiques, et je veux apprendre à les rendre utiles. "
    )
    return {
        "family_name": "Alaoui",
        "given_name": "Salma",
        "family_name_ar": "العلوي",
        "given_name_ar": "سلمى",
        "sex": "f",
        "birth_date": "26/02/2004",
        "cin": f"AB{number % 1_000_000:06d}",
        "massar": f"M{number % 1_000_000_000:09d}",
        "email": email,
        "phone": "06 12 34 56 78",
        "city": "Rabat",
        "region": "MA-04",
        "licence": "informatique",
        "university": "Université Mohammed V",
        "graduation_year": "2026",
        **dict.fromkeys(("s1", "s2", "s3", "s4", "s5", "s6"), "14,5"),
        "french": "C1",
        "english": "B2",
        "motivation": text * 6,
        "rib": f"{account}{key:02d}",
        "consent_truth": "y",
        "consent_data": "y",
    }


@cache
def _hash() -> str:
    return prepare_hash(PASSWORD)


def having_account(made: Installation) -> int:
    """The number of a new person with an account: a code, which no visitor can read, would have proved it."""
    number = next(_numbers)
    with made.system.app_context(), writing():
        people.new_account(SYSTEM, email_of(number), _hash(), {"language": "fr"})
    return number


def email_of(number: int) -> str:
    """The address of a person by their number."""
    return f"candidate{number}@exemple.ma"


def signed_up(
    send: Send, made: Installation, number: int | None = None
) -> tuple[Visitor, Answer, dict[str, str]]:
    """A person with an account and a draft in the open intake, the page of its form, and answers to give.

    `number` is of somebody who has an account; without one, it is made."""
    number = having_account(made) if number is None else number
    visitor, intake = Visitor(send), made.open_intake
    page = visitor.get(f"/sign-in?next=/intakes/{intake}/apply")
    page = visitor.post(page, visitor.place, {"email": email_of(number), "password": PASSWORD})
    page = visitor.post(page, f"/intakes/{intake}/apply", {"whole": "1"})
    return visitor, page, answers_of(number, email_of(number))


def drafted(send: Send, made: Installation, number: int | None = None) -> tuple[Visitor, Answer]:
    """A person with the form filled in and the paper attached, and the page of the last step."""
    visitor, page, answers = signed_up(send, made, number)
    page = visitor.post_file(page, visitor.place, answers, "transcripts", PDF)
    if not visitor.place.endswith("/check"):
        raise RuntimeError(f"the form was not accepted: {_errors(page)}")
    return visitor, page


def journey(send: Send, made: Installation, number: int | None = None) -> Visitor:
    """A whole journey: signing in, start, form with a paper, check, sending, receipt."""
    visitor, page = drafted(send, made, number)
    visitor.post(page, visitor.place, {})
    if visitor.place.endswith("/check"):
        raise RuntimeError("the application was not sent")
    return visitor


def paged(visitor: Visitor, tasks: str, answers: Mapping[str, str]) -> Iterator[str]:
    """Fill in the form page by page, from a draft's task list; yields each page's address once saved."""
    page = visitor.get(f"{tasks}/form/identite/1")
    while not visitor.place.endswith("/check"):
        here, text = visitor.place, page.body.decode()
        given = {name: value for name, value in answers.items() if f'name="{name}' in text}
        if 'name="transcripts"' in text:
            page = visitor.post_file(page, here, given, "transcripts", PDF)
        else:
            page = visitor.post(page, here, given)
        if visitor.place == here:
            raise RuntimeError(f"{here} was not accepted: {_errors(page)}")
        yield here


def _errors(page: Answer) -> str:
    return re.sub(r"<[^>]+>|\s+", " ", page.body.decode())[:1500]
