"""What a file is by its content."""

from __future__ import annotations

import io
import unicodedata
from pathlib import Path

import pytest
from PIL import Image

from cohortmgr.applications.documents.actions.receiving import (
    accepted,
    alone,
    kind_of,
    require_size,
    shown_name,
    told_at_once,
)
from cohortmgr.base.errors import Refused
from cohortmgr.programmes.definition.rules import Question, QuestionKind

PDF = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"
JPG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00" + b"\x00" * 40 + b"\xff\xd9"
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + b"\x00" * 40 + b"\x00\x00\x00\x00IEND\xaeB`\x82"


@pytest.mark.parametrize(("data", "kind"), [(PDF, "pdf"), (JPG, "jpg"), (PNG, "png")])
def test_each_kind_is_known_by_its_content(data: bytes, kind: str) -> None:
    assert kind_of(data) == kind


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"GIF89a" + b"\x00" * 40,
        b"<html>%PDF-1.4 %%EOF",
        b"%PDF-1.4\n<script>alert(1)</script>\n%%EOF",
        PDF + b"PK\x05\x06" + b"\x00" * 18,
        JPG[:20] + b"<SCRIPT>alert(1)</SCRIPT>" + JPG[20:],
        JPG[:20] + b"%PDF-1.4" + JPG[20:],
        PNG[:30] + b"<?php echo 1;" + PNG[30:],
        PDF.replace(b"%%EOF", b""),
        PNG[:30],
    ],
)
def test_what_is_two_things_or_none_is_refused(data: bytes) -> None:
    assert kind_of(data) is None


def test_photos_of_telephones_are_known() -> None:
    assert kind_of(b"RIFF\0\0\0\0WEBPVP8 ") == "webp" and kind_of(b"RIFF\0\0\0\0AVI LIST") is None
    assert kind_of(b"\0\0\0\x18ftypheic" + b"\0" * 20) == "heic"
    assert kind_of(b"\0\0\0\x18ftypisom" + b"\0" * 20) is None  # a film


def test_a_question_of_photos_takes_each_kind_of_photo() -> None:
    question = Question("photo", QuestionKind.FILE, {"fr": "Photo"}, accept=("jpg",), max_bytes=100)
    assert accepted(question, "heic") and accepted(question, "webp") and not accepted(question, "pdf")
    for size in (0, 101):
        with pytest.raises(Refused):
            require_size(question, size)
    require_size(question, 100)


def test_what_the_first_bytes_tell_is_told_at_once() -> None:
    large = io.BytesIO()
    Image.new("1", (12_000, 12_000)).save(large, "PNG")
    assert told_at_once("pdf", PDF) is None
    assert told_at_once("png", large.getvalue()) == "too_many_pixels"
    assert told_at_once("jpg", JPG) == "unreadable"
    assert told_at_once("heic", b"") is None


def test_a_pdf_is_sought_in_the_first_kilobyte() -> None:
    leading = (Path(__file__).parents[3] / "data" / "faults" / "leading-newline.pdf").read_bytes()
    for before in (b"", b"\n", b"\xef\xbb\xbf", b"X-Mailer: x\r\n\r\n", b" " * 1024):
        assert kind_of(alone(before + PDF)) == "pdf"
        assert alone(before + PDF) == PDF
    assert kind_of(alone(leading)) == "pdf"
    assert kind_of(alone(b" " * 1100 + PDF)) is None
    assert kind_of(alone(JPG[:20] + PDF)) is None


@pytest.mark.parametrize("between", [b"", b"MotionPhoto_Data", b"\0" * 5000])
def test_the_film_behind_a_photo_is_cut_off(between: bytes) -> None:
    file = io.BytesIO()
    Image.new("RGB", (30, 30), "red").save(file, "JPEG")
    film = b"\0\0\0\x18ftypmp42" + b"\x01" * 200_000 + b"SEFT"
    assert alone(file.getvalue() + between + film) == file.getvalue()
    assert kind_of(alone(file.getvalue() + between + film)) == "jpg"


@pytest.mark.parametrize(
    "behind",
    [
        bytes(range(256)) * 1200 + b"SEFT",
        b"\x80\xff\xd9\x81" * 60_000,
        b"edof" + b"\0" * 300_000,
        b"\n",
        b"<html>" * 20_000,
    ],
)
@pytest.mark.parametrize("progressive", [False, True])
def test_whatever_telephones_put_behind_a_photo_is_cut_off(behind: bytes, progressive: bool) -> None:
    head, file = io.BytesIO(), io.BytesIO()
    Image.new("RGB", (16, 16), "blue").save(head, "JPEG")
    small = b"Exif\0\0" + head.getvalue()  # the small picture in a photo's head ends, and is not its end
    Image.effect_noise((300, 300), 90).save(
        file, "JPEG", progressive=progressive, exif=small, restart_marker_blocks=4
    )
    photo = file.getvalue()
    assert photo.count(b"\xff\xd9") == 2
    assert alone(photo + behind) == photo and kind_of(alone(photo + behind)) == "jpg"
    assert alone(photo[:-200]) == photo[:-200], "half a photo is none"
    assert kind_of(alone(photo + b"PK\x05\x06" + b"\0" * 18)) is None


def test_two_photos_in_one_file_are_the_first() -> None:
    file = io.BytesIO()
    pictures = [Image.effect_noise((90, 90), 90).convert("RGB") for _ in range(2)]
    pictures[0].save(file, "MPO", save_all=True, append_images=pictures[1:])
    first = alone(file.getvalue())
    assert len(first) < len(file.getvalue()) and kind_of(first) == "jpg"
    with Image.open(io.BytesIO(first)) as opened:
        opened.load()
        assert opened.size == (90, 90)


def test_a_pdf_that_was_filled_up_with_zeros_is_known() -> None:
    assert kind_of(alone(PDF + b"\0" * 200_000)) == "pdf" and alone(PDF + b"\0" * 9) == PDF


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("../../etc/passwd", "passwd.pdf"),
        ("C:\\Users\\x\\relevé.PDF", "relevé.pdf"),
        ("relevé\u202efdp.exe", "relevéfdp.pdf"),
        ("a\0b\x07\n.pdf", "ab.pdf"),
        ("", "document.pdf"),
        ("...", "document.pdf"),
        ("x" * 300 + ".pdf", "x" * 150 + ".pdf"),
        ("بيان النقط.jpg", "بيان النقط.pdf"),
    ],
)
def test_a_name_is_bare_and_ends_as_its_content(given: str, shown: str) -> None:
    found = shown_name(given, "pdf")
    assert found == shown
    assert not [c for c in found if unicodedata.category(c) in ("Cc", "Cf") or c in "/\\"]
