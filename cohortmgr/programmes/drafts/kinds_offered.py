"""The kinds of question among which staff choose, and which fields each has. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from cohortmgr.base.errors import N_
from cohortmgr.programmes.definition.questions import NOT_IN_GROUPS, ConditionOperator, QuestionKind

K = QuestionKind

# The name of each kind and an example of what it asks, in the order in which staff choose.
KINDS: Mapping[QuestionKind, tuple[str, str]] = {
    K.TEXT: (N_("Texte court"), N_("une ligne : un nom, un établissement")),
    K.LONG_TEXT: (N_("Texte long"), N_("plusieurs lignes : une motivation")),
    K.CHOICE: (N_("Un choix"), N_("une réponse dans une liste")),
    K.CHOICES: (N_("Plusieurs choix"), N_("des cases à cocher")),
    K.NUMBER: (N_("Nombre"), N_("avec virgule ou point")),
    K.GRADE: (N_("Note sur 20"), N_("une moyenne")),
    K.YEAR: (N_("Année"), N_("quatre chiffres")),
    K.DATE: (N_("Date"), N_("jour, mois, année")),
    K.FILE: (N_("Document"), N_("photos ou PDF")),
    K.CONSENT: (N_("Accord"), N_("une case à cocher")),
    K.GROUP: (N_("Groupe qui se répète"), N_("un diplôme et ses moyennes, autant de fois qu’il faut")),
    K.RANKING: (N_("Classement"), N_("les choix de la campagne, ou les vôtres, par ordre de préférence")),
    K.LANGUAGE_LEVEL: (N_("Niveau d’une langue"), N_("de A1 à C2")),
    K.LANGUAGE_LEVELS: (N_("Niveaux de plusieurs langues"), N_("de A1 à C2 pour chacune")),
    K.EMAIL: (N_("Adresse e-mail"), N_("vérifiée dans sa forme")),
    K.PHONE: (N_("Téléphone"), N_("marocain ou étranger")),
    K.IDENTITY: (N_("Pièce d’identité"), N_("CIN, passeport ou titre de séjour")),
    K.CIN: (N_("CIN"), N_("carte nationale seulement")),
    K.MASSAR: (N_("Massar ou CNE"), N_("une lettre et neuf chiffres")),
    K.RIB: (N_("RIB"), N_("vingt-quatre chiffres, protégé")),
    K.REGION: (N_("Région"), N_("une des douze")),
    K.CITY: (N_("Ville"), N_("en toutes lettres")),
    K.ADDRESS: (N_("Adresse"), N_("province, commune, rue")),
}
# What a new question of each kind begins with, besides its label.
BEGINS: Mapping[QuestionKind, Mapping[str, object]] = {
    K.FILE: {"accept": ["pdf", "jpg", "png"], "max_bytes": 10 * 1024 * 1024},
    K.RIB: {"sealed": True},
    K.CIN: {"sealed": True},
    K.IDENTITY: {"sealed": True},
    K.GROUP: {"maximum": "4"},
    K.LONG_TEXT: {"max_length": 2000},
    K.TEXT: {"max_length": 160},
}
ACCEPTED: Mapping[str, str] = {"pdf": "PDF", "jpg": "JPG", "png": "PNG"}
TARGET_NAMES: Mapping[str, str] = {
    "person.family_name": N_("Nom de famille"),
    "person.given_name": N_("Prénom"),
    "person.family_name_ar": N_("Nom de famille en arabe"),
    "person.given_name_ar": N_("Prénom en arabe"),
    "person.sex": N_("Sexe"),
    "person.birth_date": N_("Date de naissance"),
    "person.email": N_("Adresse e-mail"),
    "person.phone": N_("Téléphone"),
    "identifier.cin": N_("CIN"),
    "identifier.massar": N_("Massar ou CNE"),
    "bank.rib": N_("RIB"),
    "guardian.name": N_("Nom du tuteur légal"),
    "guardian.capacity": N_("Qualité du tuteur légal"),
    "guardian.phone": N_("Téléphone du tuteur légal"),
    "guardian.email": N_("E-mail du tuteur légal"),
    "child.place": N_("École ou club de l’enfant"),
}
OPERATORS: Mapping[ConditionOperator, str] = {
    ConditionOperator.ONE_OF: N_("est l’une de ces réponses"),
    ConditionOperator.NONE_OF: N_("n’est aucune de ces réponses"),
    ConditionOperator.NOT_EMPTY: N_("a une réponse"),
    ConditionOperator.EMPTY: N_("n’a pas de réponse"),
    ConditionOperator.AT_LEAST: N_("est au moins"),
    ConditionOperator.AT_MOST: N_("est au plus"),
}

_ALL = frozenset(
    {
        "required", "sealed", "only_online", "asked_at_application", "columns", "target", "page", "show_when",
        "require_when", "either", "required_in_files", "application_intakes", "reveals", "reader_title",
    }
)  # fmt: skip
_BOUNDS = frozenset({"minimum", "maximum"})
_OWN: Mapping[QuestionKind, frozenset[str]] = {
    K.TEXT: frozenset({"max_length"}),
    K.LONG_TEXT: frozenset({"max_length"}),
    K.CITY: frozenset({"max_length"}),
    K.CHOICE: frozenset({"options"}),
    K.CHOICES: _BOUNDS | {"options"},
    K.RANKING: _BOUNDS | {"options"},
    K.LANGUAGE_LEVELS: frozenset({"options"}),
    K.NUMBER: _BOUNDS | {"proof"},
    K.GRADE: _BOUNDS | {"proof"},
    K.YEAR: _BOUNDS,
    K.DATE: _BOUNDS,
    K.GROUP: _BOUNDS,
    K.FILE: frozenset({"accept", "max_bytes", "max_files", "max_pages", "promise_days"}),
}
# The fields that a question in a group's row does not have.
INNER_LEFT_OUT = _ALL - {"required", "reveals"} | {"proof"}
INNER_KINDS = tuple(kind for kind in KINDS if kind not in NOT_IN_GROUPS)


def fields_of(kind: QuestionKind) -> frozenset[str]:
    """The fields that a page shows for a question of that kind, besides its label and help."""
    return _ALL | _OWN.get(kind, frozenset())
