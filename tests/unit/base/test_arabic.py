"""What Arabic pages say: one number a sentence, the comma, the dirham, and things that keep their own direction."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

import pytest
from flask import Flask

from cohortmgr.base import catalogues
from cohortmgr.base.errors import NN_, Problem, Quantity
from cohortmgr.base.i18n import init_i18n, mad, say, speaking, told

TEMPLATES = catalogues.ROOT / "templates"
# What is written from left to right, or begins with a sign that has no direction, such as + in a number.
_ALONE = (
    "contact",
    "code",
    "codes",
    "reference",
    "key",
    "value",
    "near",
    "known",
    "columns",
    "names",
    "given",
    "file",
)
_NUMBERED = re.compile(r"(?:[Dd]ossier|[Qq]uestion|candidature) %\(number\)s")
# Lifetimes that the house fixes (10 minutes, 30 and 365 days), with which these words agree.
_FIXED = {"days": "يوماً", "minutes": "دقائق"}


@pytest.fixture
def speaker() -> Flask:
    app = Flask("cohortmgr", template_folder=str(TEMPLATES))
    app.config["ROOT"] = catalogues.ROOT
    init_i18n(app)
    return app


def sentences() -> Iterator[tuple[tuple[str, ...], str]]:
    """Each Arabic text with its msgids."""
    for message in catalogues.read("ar_MA"):
        if message.id:
            ids = (message.id,) if isinstance(message.id, str) else tuple(message.id)
            string = message.string or ""
            for text in (string,) if isinstance(string, str) else string:
                yield ids, text


def test_what_has_a_direction_of_its_own_keeps_it() -> None:
    for ids, text in sentences():
        names = (*_ALONE, "number") if _NUMBERED.search(ids[0]) else _ALONE
        for name in names:
            assert text.count(f"%({name})s") == text.count(f"\u2068%({name})s\u2069"), (
                f"isolate {name}: {text}"
            )


def test_a_sentence_counts_one_thing() -> None:
    """The word behind a number has six forms: behind another number than the one that chooses, one alone is right."""
    counted = {
        word
        for ids, text in sentences()
        if len(ids) > 1
        for word in re.findall(r"%\(num\)s ([\u0621-\u0652]+)", text)
    }
    assert {"يوماً", "أيام", "ثانية", "حرفاً"} <= counted
    # Invariable, or no things that are counted.
    counted -= {"من", "في", "إلى", "على", "غير", "مستوفية", "درهم", "ميغابايت", "كيلوبايت"}
    for ids, text in sentences():
        for name, word in re.findall(r"%\((\w+)\)s\u2069? ([\u0621-\u0652]+)", text):
            if name not in ("num", "company") and _FIXED.get(name) != word:
                assert word not in counted, (
                    f"say it as a Quantity, or as a name and its number: {text} ({ids[0]})"
                )


def test_one_thing_has_one_word() -> None:
    """A word that means the money of a placement or a second name for a password misleads."""
    for ids, text in sentences():
        assert "كلمة مرور" not in text and "كلمة المرور" not in text, ids
        assert not re.search("تعويض|عوّ?ض", text), f"to replace is استبدل, حل محل: {ids}"
        assert "MAD" not in text, f"the dirham is درهم: {ids}"
        bare = re.sub(r"\([^)]*\)|\u2068[^\u2069]*\u2069|: [a-z_, ]+", "x", text)
        assert not re.search(r"[\u0621-\u0652»%\u2069] ?,|;(?=.)|[ \u00a0][:؟]", bare), f"، ؛ and : {ids}"


def _between(source: str) -> list[str]:
    """The commas and colons that a template writes itself between two things."""
    bare = re.sub(r"{#.*?#}|<(script|style).*?</\1>", " ", source, flags=re.DOTALL)
    bare = re.sub(r"{{.*?}}|{%.*?%}", "\x01", bare, flags=re.DOTALL)
    bare = re.sub(r"<[^>]*>|&\w+;", "\x02", bare, flags=re.DOTALL)
    return re.findall(r"[^\n]{0,20}(?:,|:(?=\s|\x01))[^\n]{0,20}", bare)


@pytest.mark.parametrize(
    "path", sorted(TEMPLATES.rglob("*.html")), ids=lambda path: f"{path.parent.name}/{path.stem}"
)
def test_templates_leave_what_stands_between_to_the_language(path: object) -> None:
    assert _between(TEMPLATES.joinpath(str(path)).read_text("utf-8")) == [], (
        "write {{ comma() }} or {{ colon() }}"
    )


def test_the_reading_of_templates_finds_a_comma() -> None:
    assert _between("<p>{{ a }}, {{ b }}</p>") and _between("<b>{{ a }}</b> : {{ b }}")
    assert _between("<p>{{ a }}{{ comma() }}{{ b }}</p>{# a, b #}&nbsp;{{ f(a, b) }}") == []


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("fr", ("1\u202f234,50 MAD", "A : B", "PDF, JPG", "Attendez 1 seconde avant")),
        ("en", ("MAD 1,234.50", "A: B", "PDF, JPG", "Wait 1 second before")),
        ("ar", ("1234,50 درهم", "A: B", "PDF، JPG", "انتظروا ثانية واحدة قبل")),
    ],
)
def test_sums_and_lists_are_written_as_the_language_writes_them(
    speaker: Flask, language: str, said: tuple[str, ...]
) -> None:
    wait = Problem(
        "Un code vient de partir. Attendez %(seconds)s avant d’en demander un autre.",
        {"seconds": Quantity(*NN_("%(num)s seconde", "%(num)s secondes"), 1)},
    )
    kinds = Problem("%(number)s sur %(total)s", {"number": ("PDF", "JPG"), "total": Decimal(2)})
    with speaker.app_context(), speaking(language):
        assert mad(123450) == said[0] and told("A", "B") == said[1]
        assert said[2] in say(kinds) and said[3] in say(wait)


@pytest.mark.parametrize(
    ("number", "said"),
    [(1, "ثانية واحدة"), (2, "ثانيتين"), (7, "7 ثوانٍ"), (11, "11 ثانية"), (100, "100 ثانية")],
)
def test_a_quantity_takes_the_form_of_its_number(speaker: Flask, number: int, said: str) -> None:
    wait = {"seconds": Quantity("%(num)s seconde", "%(num)s secondes", number)}
    with speaker.app_context(), speaking("ar"):
        what = "Un code vient de partir. Attendez %(seconds)s avant d’en demander un autre."
        assert say(Problem(what, wait)) == f"أُرسل رمز قبل قليل. انتظروا {said} قبل طلب رمز آخر."


def test_a_command_reads_the_same_values() -> None:
    assert str(
        Problem("%(a)s, %(b)s", {"a": ("+212", "+33"), "b": Quantity("%(num)s jour", "%(num)s jours", 2)})
    ) == ("+212, +33, 2 jours")
