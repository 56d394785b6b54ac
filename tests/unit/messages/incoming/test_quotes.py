"""The person's own lines of a reply."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cohortmgr.messages.incoming.quotes import text_of_html, trimmed


@pytest.mark.parametrize(
    ("text", "own"),
    [
        ("Oui.\n\nLe lun. 2 mars 2026 à 10:00, X <a@b> a écrit :\n> Bonjour\n> X", "Oui."),
        ("Oui.\n\nOn Mon, 2 Mar 2026 at 10:00, X\n<a@b.ma> wrote:\n\n> Bonjour", "Oui."),
        ("On Mon, X wrote:\n> Bonjour\n\nma réponse dessous", "ma réponse dessous"),
        ("> Quel semestre ?\nLe cinquième.\n> Et la note ?\n14", "Le cinquième.\n14"),
        ("Oui.\n-----Message d’origine-----\nDe : X\nBonjour", "Oui."),
        ("Oui.\n________________________________\nFrom: X\nBonjour", "Oui."),
        ("Oui.\nDe : X\nEnvoyé : lundi\nÀ : Y\nObjet : Z\n\nBonjour", "Oui."),
        ("شكرا\n\nفي الاثنين 2 مارس 2026 كتب فلان:\n> مرحبا", "شكرا"),
        ("Merci.\n-- \nSalma Bennis\n06 12", "Merci."),
        ("Merci.\n\nEnvoyé de mon iPhone", "Merci."),
        ("On peut venir ?\nOn Mon, 2 Mar X wrote:\n> Oui", "On peut venir ?"),
        ("Une ligne\n\nOn Mon, 2 Mar X wrote:\n> Oui", "Une ligne"),
        ("> tout est cité", "> tout est cité"),
        ("La note à : 14\nest-elle juste ?", "La note à : 14\nest-elle juste ?"),
    ],
)
def test_their_own_lines(text: str, own: str) -> None:
    assert trimmed(text) == own


@given(st.text())
def test_nothing_becomes_of_nothing_alone(text: str) -> None:
    assert bool(trimmed(text)) == bool(text.strip())


def test_words_of_a_page() -> None:
    page = (
        "<html><head><style>p{}</style></head><body><p>D&eacute;j&agrave;<br>envoyé</p><!-- <p>non</p> -->"
        "<blockquote><p>cité</p></blockquote><div>fin</div></body></html>"
    )
    assert text_of_html(page) == "Déjà\nenvoyé\n\n> cité\n\nfin"
