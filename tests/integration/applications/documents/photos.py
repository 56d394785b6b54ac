"""What the tests of papers share: photos, a definition that asks for them, and sending them."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from flask.testing import FlaskClient
from PIL import Image, ImageDraw
from werkzeug.datastructures import FileStorage, MultiDict
from werkzeug.test import stream_encode_multipart

from cohortmgr.applications.file.models import Document
from cohortmgr.base.db import db
from cohortmgr.programmes.definition.rules import Definition, Question
from cohortmgr.programmes.definition.toml import read_known
from tests.integration.applications.journey import steps

EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"


def photo(colour: str = "red", size: tuple[int, int] = (40, 60)) -> bytes:
    """A picture in which something is to be seen: a frame and lines, as of a paper."""
    file = io.BytesIO()
    drawn, (wide, high) = Image.new("RGB", size, colour), size
    pen = ImageDraw.Draw(drawn)
    pen.rectangle(
        (wide // 5, high // 6, 4 * wide // 5, 5 * high // 6), outline="black", width=max(wide // 40, 1)
    )
    for line in range(2, 5):
        pen.line(
            (wide // 4, line * high // 6, 3 * wide // 4, line * high // 6),
            fill="black",
            width=max(high // 60, 1),
        )
    drawn.save(file, "JPEG")
    return file.getvalue()


def asking(**more: Any) -> Definition:
    """mdia whose transcripts may be promised and prove the first grade."""
    known = read_known("mdia")

    def changed(question: Question) -> Question:
        if question.key == "transcripts":
            return replace(question, promise_days=10, **more)
        return replace(question, proof="transcripts") if question.key == "s1" else question

    sections = tuple(
        replace(section, questions=tuple(map(changed, section.questions))) for section in known.form.sections
    )
    return replace(known, form=replace(known.form, sections=sections))


def place(reference: str, after: str = "") -> str:
    return f"/my/applications/{reference}/documents/transcripts{after}"


def send(client: FlaskClient, reference: str, *given: tuple[str, bytes], way: str = "add") -> Any:
    data = {"way": way, "files": [(io.BytesIO(content), name) for name, content in given]}
    return client.post(place(reference), data=data)


def heavy(data: dict[str, Any]) -> dict[str, Any]:
    """A large form as the test client sends it: its own way leaves a file of the disk open."""
    fields: MultiDict[str, Any] = MultiDict()
    for name, given in data.items():
        for each in given if isinstance(given, list) else [given]:
            fields.add(name, FileStorage(*each) if isinstance(each, tuple) else each)
    stream, length, boundary = stream_encode_multipart(fields, use_tempfile=False)
    kind = f"multipart/form-data; boundary={boundary}"
    return {"input_stream": stream, "content_length": length, "content_type": kind}


def standing() -> Document:
    db.session.rollback()
    where = sa.select(Document).where(Document.replaced_at.is_(None))
    return db.session.scalars(where.execution_options(populate_existing=True)).one()


def names() -> list[str]:
    return [part["name"] for part in standing().parts]


def infected() -> bytes:
    return steps.PDF.replace(b"trailer", b"%" + EICAR + b"\ntrailer")
