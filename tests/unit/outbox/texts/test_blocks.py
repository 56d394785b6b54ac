"""A message's text as HTML: escaped, its links live, Arabic's figures in their order."""

from __future__ import annotations

import time
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cohortmgr.outbox.texts.blocks import Dress, marked_up

DRESS = Dress(
    paragraph="<p>@@words@@</p>",
    list="<ul>@@words@@</ul>",
    item="<li>@@words@@</li>",
    button='<b><a href="@@address@@">@@label@@</a></b><i>@@words@@</i>',
    link='<a href="@@address@@">@@words@@</a>',
)


def html(text: str, *, isolated: bool = False) -> str:
    return marked_up(text, DRESS, label="Ouvrir", isolated=isolated)


class Words(HTMLParser):
    """The text and the tags of a piece of HTML."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def test_paragraphs_lists_and_buttons() -> None:
    text = "Bonjour,\nune ligne.\n\n- un\n\n- deux\nAprès :\nhttps://a.ma/x?y=1&z=2\nFin."
    assert html(text).split("\n") == [
        "<p>Bonjour,<br>une ligne.</p>",
        "<ul><li>un</li><li>deux</li></ul>",
        "<p>Après :</p>",
        '<b><a href="https://a.ma/x?y=1&amp;z=2">Ouvrir</a></b><i>https://a.ma/x?y=1&amp;z=2</i>',
        "<p>Fin.</p>",
    ]


def test_a_link_among_words_is_a_link_without_the_point_that_follows() -> None:
    assert html("Voir https://a.ma/x.") == '<p>Voir <a href="https://a.ma/x">https://a.ma/x</a>.</p>'


@pytest.mark.parametrize("run", ["+212 6 12 34 56 78", "7 000,00", "12/05/2026", "MDIA-7K3QXP", "a.b@c.ma"])
def test_what_reads_from_left_to_right_is_isolated_in_arabic(run: str) -> None:
    assert f'<bdi dir="ltr">{run}</bdi>' in html(f"اتصل ب {run} الآن", isolated=True)
    assert "bdi" not in html(f"Appelez {run} maintenant")


def test_an_arabic_link_is_isolated_too() -> None:
    shown = html("الرابط https://a.ma/x هنا\nhttps://a.ma/y", isolated=True)
    assert '<a href="https://a.ma/x"><bdi dir="ltr">https://a.ma/x</bdi></a>' in shown
    assert '<i><bdi dir="ltr">https://a.ma/y</bdi></i>' in shown


@given(st.text(), st.booleans())
def test_nothing_of_a_text_becomes_markup(text: str, isolated: bool) -> None:
    words = Words()
    words.feed(html(text, isolated=isolated))
    assert words.tags <= {"p", "ul", "li", "a", "b", "i", "br", "bdi"}
    if not words.tags & {"a", "li"}:
        assert "".join("".join(words.words).split()) == "".join(text.split())


def test_places_in_a_text_are_words() -> None:
    assert html("https://a.ma/@@label@@").count("@@label@@") == 2
    assert html("@@words@@") == "<p>@@words@@</p>"


@pytest.mark.parametrize(
    "text", ["a" * 100_000, "1" * 100_000, "http://" * 15_000, "https://" + "." * 100_000, "A-" * 50_000,
             "- \n" * 30_000, "+1 " * 30_000, "x@" * 50_000],
)  # fmt: skip
def test_a_long_text_takes_a_time_that_grows_with_it_alone(text: str) -> None:
    start = time.process_time()
    html(text, isolated=True)
    assert time.process_time() - start < 2
