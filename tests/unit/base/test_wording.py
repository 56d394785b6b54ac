"""What people read keeps the rules of its language: in the catalogues, in definitions, in texts within the sources."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from flask import Flask, render_template_string
from flask_babel import ngettext

from cohortmgr.accounts.contacts import as_dialled
from cohortmgr.base import catalogues
from cohortmgr.base.errors import Problem, Quantity
from cohortmgr.base.i18n import init_i18n, localized, mad, moment, number, say, speaking, whole_day
from cohortmgr.base.printed.texts import typeset
from tests.unit.base.wording import arabic, english, french, said_in, uncounted

SOURCES = catalogues.ROOT / "cohortmgr"
TEMPLATES = catalogues.ROOT / "templates"
DEFINITIONS = sorted(SOURCES.rglob("*.toml"))
# Modules whose Arabic is read and never shown: keyboards, names of months, marks in mail, files of banks.
_READ = ("text.py", "quotes.py", "automatic.py", "delivery_status.py", "times.py", "cells.py", "tolerant.py")


@pytest.fixture
def speaker() -> Flask:
    app = Flask("cohortmgr", template_folder=str(TEMPLATES))
    app.config["ROOT"] = catalogues.ROOT
    init_i18n(app)
    return app


def _forms(text: object) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text or ())  # type: ignore[arg-type]  # a tuple of forms


def _within_sources(language: str) -> Iterator[str]:
    """The texts of a language in dictionaries of three, as notices, sections and regions hold them."""
    for path in sorted(SOURCES.rglob("*.py")):
        if path.name in _READ:
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Dict):
                held = {
                    key.value: value.value
                    for key, value in zip(node.keys, node.values, strict=True)
                    if isinstance(key, ast.Constant)
                    and isinstance(value, ast.Constant)
                    and isinstance(value.value, str)
                }
                if {"fr", "ar"} <= set(held) and len(held["fr"]) > 3:
                    yield held.get(language, "")


def _texts(language: str) -> list[str]:
    locale = {"fr": "fr", "ar": "ar_MA", "en": "en"}[language]
    found = [form for message in catalogues.read(locale) if message.id for form in _forms(message.string)]
    for path in DEFINITIONS:
        found += said_in(tomllib.loads(path.read_text("utf-8")), language)
    return found + list(_within_sources(language))


@pytest.mark.parametrize(("language", "rule"), [("fr", french), ("ar", arabic), ("en", english)])
def test_every_text_keeps_the_rules_of_its_language(language: str, rule: object) -> None:
    texts = _texts(language)
    assert len(texts) > 3000
    assert callable(rule)
    assert [(text, faults) for text in texts if (faults := rule(text))] == []


def test_a_noun_behind_a_number_has_its_forms() -> None:
    single = {m.id: str(m.string) for m in catalogues.read("en") if isinstance(m.id, str) and m.id}
    assert len(single) > 3000
    assert [(text, found) for text in single if (found := uncounted(text))] == []
    assert [(said, found) for text, said in single.items() if (found := uncounted(text, said))] == []


def test_at_the_latest_is_no_before() -> None:
    """« Au plus tard le 1er » leaves that day, which « قبل » and « before » take away."""
    for locale in ("ar_MA", "en"):
        for message in catalogues.read(locale):
            if isinstance(message.id, str) and "au plus tard le" in message.id:
                assert not re.search(r"قبل (?:يوم )?%\(|before %\(", str(message.string)), message.string


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("Il manque : %(question)s", "say what to do"),
        ("Revenez le 1 mars.", "1er"),
        ("Appelez le 0661237788.", "in pairs"),
        ("Née le 14/03/2004", "as people say it"),
        ("Une allocation mensuelle", "la bourse"),
        ("Votre affectation est validée : bravo.", "approuvée"),
        ("Place déclinée", "renoncement"),
        ("Offre expirée", "sans réponse"),
        ("%(num)s refusés sans lecture", "non retenu"),
    ],
)
def test_the_rules_of_french_find_what_is_planted(text: str, fault: str) -> None:
    assert any(fault in found for found in french(text))


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("سيُطلب منك الرمز", "several: منك"),
        ("ابدأ الآن", "several: ابدأ"),
        ("شكرًا", "two strokes"),
        ("30 مقعدا", "written: مقعدا"),
        ("يتضمن RIB 3 أرقام", "isolate: B 3"),
        ("وزارة المالية وMaroc", "isolate"),
        ("في 1 سبتمبر", "Morocco"),
        ("أجيبوا قبل %(moment)s", "قبل يوم"),
        ("4000 MAD", "درهم"),
        ("اتصلوا بـ 06 12 34 56 78", "isolate"),
    ],
)
def test_the_rules_of_arabic_find_what_is_planted(text: str, fault: str) -> None:
    assert any(fault in found for found in arabic(text)), arabic(text)


@pytest.mark.parametrize(
    "text",
    [
        "سيُطلب منكم الرمز في البنك بعد ذلك",
        "شكراً، هذا مقعداً لا ينقصه شيء",
        "اتصلوا بـ \u206806 12 34 56 78\u2069",
        "قبل يوم %(moment)s",
        "أرسلوها إذا اكتملت",
    ],
)
def test_the_rules_of_arabic_leave_what_is_well(text: str) -> None:
    assert arabic(text) == []


def test_a_number_before_a_noun_is_found() -> None:
    assert uncounted("Vous avez choisi %(found)s réponses.") == ["%(found)s réponses"]
    assert uncounted("Au plus %(most)s caractères, %(found)s choix") == []


def test_a_law_a_question_and_a_number_stay_on_their_line() -> None:
    assert typeset("Selon la loi 09-08, un aménagement vous aiderait-il ?") == (
        "Selon la loi\u00a009\u201108, un aménagement vous aiderait-il\u00a0?"
    )
    assert typeset("+212 6 12 34 56 78") == "+212 6 12 34 56 78".replace(" ", "\u00a0")
    assert typeset(typeset("loi 09-08 : oui")) == typeset("loi 09-08 : oui")
    assert typeset("اتصلوا بـ 06 12 ؟", "ar") == "اتصلوا بـ 06\u00a012 ؟"
    assert typeset("du 09-08 au 10-08, MDIA-AB12") == "du 09-08 au 10-08, MDIA-AB12"


def test_a_definition_is_printed_as_the_catalogues_are(speaker: Flask) -> None:
    label = {"fr": "Selon la loi 09-08 ?", "ar": "حسب القانون 09.08؟"}
    with speaker.app_context():
        with speaking("fr"):
            assert localized(label) == "Selon la loi\u00a009\u201108\u00a0?"
        with speaking("ar"):
            assert localized(label) == label["ar"]
        with speaking("en"):
            assert localized(label) == "Selon la loi\u00a009\u201108\u00a0?", (
                "French stands in for what is missing"
            )


@pytest.mark.parametrize(
    ("language", "said"),
    [
        (
            "fr",
            (
                "999 dossiers",
                "5\u202f000 dossiers",
                "12\u202f000 dossiers",
                "3\u202f000",
                "4\u202f000,00 MAD",
            ),
        ),
        ("en", ("999 files", "5,000 files", "12,000 files", "3,000", "MAD 4,000.00")),
        ("ar", ("999 ملفاً", "5000 ملف", "12.000 ملف", "3000", "4000,00 درهم")),
    ],
)
def test_a_thousand_has_its_separator_wherever_it_is_counted(
    speaker: Flask, language: str, said: tuple[str, ...]
) -> None:
    counted = "{{ ngettext('%(num)s dossier', '%(num)s dossiers', n) }}"
    with speaker.app_context(), speaking(language):
        for count, text in zip((999, 5000, 12000), said[:3], strict=True):
            assert ngettext("%(num)s dossier", "%(num)s dossiers", count) == text
            assert render_template_string(counted, n=count) == text
            kept = Quantity("%(num)s dossier", "%(num)s dossiers", count)
            assert text in say(
                Problem(
                    "La liste a changé entre-temps : elle compte maintenant %(count)s. "
                    "Vérifiez, puis recommencez.",
                    {"count": kept},
                )
            )
        assert (number(Decimal(3000)), mad(400_000)) == said[3:]
        assert mad(-5).strip("\u2066").startswith("-MAD 0" if language == "en" else "-0") and mad(None) == ""


@pytest.mark.parametrize(
    ("language", "born", "closing"),
    [
        ("fr", "1er février 2004", "mercredi 30 juin 2027, 18\u00a0h"),
        ("en", "1 February 2004", "Wednesday 30 June 2027, 18:00"),
        ("ar", "1 فبراير 2004", "الأربعاء 30 يونيو 2027 على الساعة 18:00"),
    ],
)
def test_days_and_hours_are_said_as_people_say_them(
    speaker: Flask, language: str, born: str, closing: str
) -> None:
    with speaker.app_context(), speaking(language):
        assert whole_day(datetime(2004, 2, 1, tzinfo=UTC).date()) == born
        assert moment(datetime(2027, 6, 30, 18, tzinfo=UTC)) == closing


@pytest.mark.parametrize(
    ("kept", "said"),
    [
        ("+212661237788", "06 61 23 77 88"),
        ("+212522000000", "05 22 00 00 00"),
        ("+33612345678", "+33 6 12 34 56 78"),
        ("a@exemple.ma", "a@exemple.ma"),
        ("•••• 88", "•••• 88"),
        ("", ""),
    ],
)
def test_a_telephone_is_said_in_pairs(kept: str, said: str) -> None:
    assert as_dialled(kept) == (said.replace(" ", "\u00a0") if kept.startswith("+") else said)


# A contact, or a number that bears its name, as an expression of a template.
_CONTACT = re.compile(r"{{-? ?[\w.]*(?:contact\.address|\bphone)(?P<filters>[^}]*)}}")


def _spoken_plain(source: str) -> list[str]:
    return [found[0] for found in _CONTACT.finditer(source) if "as_dialled" not in found["filters"]]


@pytest.mark.parametrize(
    "path", sorted(TEMPLATES.rglob("*.html")), ids=lambda path: f"{path.parent.name}/{path.stem}"
)
def test_a_page_writes_a_telephone_in_pairs_and_tells_the_past_as_past(path: Path) -> None:
    source = path.read_text("utf-8")
    assert _spoken_plain(source) == [], "write {{ contact.address|as_dialled }}"
    assert _turned(source) == [], "a sum or a day in Arabic is read from right to left: <bdi> alone"
    assert _untold(source) == [], "a day that may be over is told by `is past` too"


def _turned(source: str) -> list[str]:
    """What holds Arabic words in Arabic pages, a sum or a day, and is made to run from left to right."""
    words = r"\|(?:mad|day|short_day|moment|short_moment|month)\b"
    return re.findall(rf'<\w+[^<>]*dir="ltr"[^<>]*>\s*{{{{[^}}]*{words}[^}}]*}}}}', source)


def test_the_reading_of_directions_finds_what_is_planted() -> None:
    assert _turned('<bdi dir="ltr">{{ line.net_cents|mad }}</bdi>')
    assert _turned('<bdi>{{ line.net_cents|mad }}</bdi><bdi dir="ltr">{{ x|decimal }}</bdi>') == []


def test_the_reading_of_telephones_finds_what_is_planted() -> None:
    assert _spoken_plain("<bdi>{{ asked.contact.address }}</bdi>") and _spoken_plain("{{ phone }}")
    assert _spoken_plain("<bdi>{{ asked.contact.address|as_dialled }}</bdi>") == []


# Sentences about a day of a person's own: before it comes they promise, afterwards they tell.
_COMING = re.compile(r"\b(?:commence|commencez|arrive|sera versée|versement prévu) le %\((\w+)\)s")
# Where the day cannot be over.
_AHEAD: tuple[str, ...] = ("La promotion commence le %(day)s : personne n’y entre avant.",)


def _untold(source: str) -> list[str]:
    """Such sentences without the other tense beside them: `is past` stands in their expression or in the one before."""
    expressions = re.findall(r"{{.*?}}|{%.*?%}", source, flags=re.DOTALL)
    told = ["", *expressions]
    return [
        expression
        for place, expression in enumerate(expressions)
        if _COMING.search(expression)
        and not any(" is past" in each for each in told[max(0, place - 3) : place + 2])
        and not any(known in expression for known in _AHEAD)
    ]


def test_the_reading_of_tenses_finds_what_is_planted() -> None:
    assert _untold('{{ _("Vous commencez le %(day)s", day=d|day) }}')
    assert _untold('{{ _("Commencé le %(day)s") if d is past else _("Commence le %(day)s") }}') == []


# Where a day is written back as it was typed or read in a file.
_ECHOED = frozenset({"cells.py", "moments.py"})


def test_days_are_written_by_one_module() -> None:
    """A day in digits is a machine's; the first of a month and the months of Morocco are known in one place alone."""
    found = [
        path.name
        for path in sorted(SOURCES.rglob("*.py"))
        if re.search(r":%d/%m/%Y\}|strftime\(\"%d", path.read_text("utf-8")) and path.name not in _ECHOED
    ]
    assert found == []
