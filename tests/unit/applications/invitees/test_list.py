"""How a list of people to invite is read, as people type it and as a spreadsheet gives it."""

from __future__ import annotations

import pytest

from cohortmgr.accounts.contacts import Contact
from cohortmgr.applications.invitees.rules import MOST, ListedPerson, read_list

SALMA = ListedPerson(1, "Salma Bennani", Contact("email", "salma@exemple.ma"))
YOUSSEF = ListedPerson(1, "Youssef Alaoui", Contact("sms", "+212612345678"))


@pytest.mark.parametrize(
    ("line", "entry"),
    [
        ("Salma Bennani ; salma@exemple.ma", SALMA),
        ("Salma\tBennani\tsalma@exemple.ma\t06 12 34 56 78", SALMA),
        ("salma@exemple.ma, Salma Bennani", SALMA),
        ("Salma Bennani <salma@exemple.ma>", SALMA),
        ("Youssef Alaoui;06 12 34 56 78", YOUSSEF),
        ("Youssef Alaoui 0612345678", YOUSSEF),
        ("Youssef Alaoui 06.12.34.56.78", YOUSSEF),
        ("Youssef Alaoui 06-12-34-56-78", YOUSSEF),
        ("Youssef Alaoui 06 12 34 56 78", YOUSSEF),
        ("Youssef Alaoui (+212) 6 12-34-56-78", YOUSSEF),
        ("06.12 34 56 78 Youssef Alaoui", YOUSSEF),
        ("Salma Bennani,salma@exemple.ma", SALMA),
        ("Youssef Alaoui,0612345678", YOUSSEF),
        ("Salma Bennani؛salma@exemple.ma", SALMA),
        ("Youssef Alaoui، ٠٦١٢٣٤٥٦٧٨", YOUSSEF),
        ("Youssef Alaoui\t+212 6 12 34 56 78", YOUSSEF),
        ("Youssef Alaoui ; ٠٦١٢٣٤٥٦٧٨", YOUSSEF),
        ("سلمى بناني ; salma@exemple.ma", ListedPerson(1, "سلمى بناني", SALMA.contact)),
    ],
)
def test_a_person_stands_on_a_line_in_whatever_order(line: str, entry: ListedPerson) -> None:
    assert read_list(line) == read_list(line + "\n\n") and read_list(line).entries == (entry,)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "au moins une personne"),
        ("Salma Bennani", "Ligne 1 : ni adresse e-mail ni numéro de portable."),
        ("salma@exemple.ma", "Ligne 1 : il manque le nom."),
        ("Salma ; AB123456 ; salma@exemple.ma", "Ligne 1 : « AB123456 » n’est pas un nom"),
        ("Salma AB123456 0612345678", "Ligne 1 : « Salma AB123456 » n’est pas un nom"),
        ("Lisez www.exemple.ma ; salma@exemple.ma", "Ligne 1 : « Lisez www.exemple.ma » n’est pas un nom"),
        ("https://exemple.ma ; salma@exemple.ma", "Ligne 1 : « https://exemple.ma » n’est pas un nom"),
        ("Salma ; salma@exemple", "Ligne 1 : Écrivez l’adresse en entier"),
        ("Salma ; 05 22 12 34 56", "Ligne 1 : Ce numéro est celui d’un poste fixe"),
        (
            "A ; a@exemple.ma\n\nB ; A@exemple.ma",
            "Ligne 3 : la même adresse ou le même numéro qu’à la ligne 1.",
        ),
        ("\n".join(f"N ; n{n}@exemple.ma" for n in range(MOST + 1)), "envoyez-en 300 au plus"),
    ],
)
def test_what_cannot_be_used_is_said_with_its_line(text: str, said: str) -> None:
    (problem,) = read_list(text).problems
    assert said in str(problem) and problem.where == "people"
