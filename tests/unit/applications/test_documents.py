"""What a file is by its content."""

from __future__ import annotations

import pytest

from cohortmgr.applications.documents import kind_of

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
