"""The messages that accounts send to people. Pure."""

from __future__ import annotations

from datetime import UTC, date, datetime

from cohortmgr.base.errors import N_
from cohortmgr.outbox.notices import NAME, Notice, Variable

_ROLE = Variable("role", "localized", {"fr": "Évaluateur·rice", "ar": "مقيِّم(ة)", "en": "Reviewer"})
_PLACE = Variable(
    "place",
    "localized",
    {
        "fr": "Master en ingénierie des données",
        "ar": "ماستر هندسة البيانات",
        "en": "Master in Data Engineering",
    },
)
_PERIOD = Variable(
    "period", "localized", {"fr": "sans date de fin", "ar": "دون تاريخ نهاية", "en": "without a last day"}
)
_BY = Variable("by", "text", "Amina Berrada")
_AT = Variable("at", "moment", datetime(2027, 5, 20, 13, tzinfo=UTC))

NOTICES = (
    Notice(
        "sign_in_code",
        N_("Code pour entrer ou confirmer"),
        (
            Variable("code", "text", "204 816", required=True),
            Variable("minutes", "number", 10),
        ),
        urgent=True,
        bears_a_key=True,
    ),
    Notice(
        "role_invitation",
        N_("Invitation à un rôle"),
        (
            NAME,
            _ROLE,
            _PLACE,
            _PERIOD,
            _BY,
            Variable("token", "link", "7K3QXPB2M4", required=True, path="/invitations/{}"),
            Variable("until", "moment", datetime(2027, 5, 27, 13, tzinfo=UTC), required=True),
        ),
        urgent=True,
        bears_a_key=True,
    ),
    Notice("role_given", N_("Rôle donné"), (NAME, _ROLE, _PLACE, _PERIOD, _BY), urgent=True),
    Notice(
        "role_lent",
        N_("Suppléance d’un rôle"),
        (NAME, _ROLE, _PLACE, _PERIOD, _BY, Variable("deputy", "text", "Youssef El Amrani")),
        urgent=True,
    ),
    Notice(
        "role_ended",
        N_("Fin d’un rôle"),
        (NAME, _ROLE, _PLACE, _BY, Variable("day", "day", date(2027, 5, 31))),
        urgent=True,
    ),
    Notice("account_suspended", N_("Compte suspendu"), (NAME, _BY), urgent=True),
    Notice("account_reopened", N_("Compte rouvert"), (NAME, _BY), urgent=True),
    Notice("devices_signed_out", N_("Appareils déconnectés"), (NAME, _BY), urgent=True),
    Notice("password_changed", N_("Avis de nouveau mot de passe"), (NAME, _AT), urgent=True),
    Notice("password_dropped", N_("Avis de mot de passe qui ne vaut plus"), (NAME, _AT), urgent=True),
    Notice(
        "address_corrected",
        N_("Avis d’adresse corrigée par l’équipe"),
        (NAME, _AT, Variable("contact", "text", "sa…@exemple.ma")),
        urgent=True,
    ),
    Notice(
        "codes_guessed",
        N_("Avis d’essais de codes par d’autres"),
        (NAME, _AT, Variable("number", "number", 10)),
        urgent=True,
    ),
    Notice(
        "number_entered",
        N_("Avis d’entrée par le numéro, sur un autre appareil"),
        (NAME, _AT, Variable("contact", "text", "+212…78")),
        urgent=True,
    ),
    Notice(
        "address_elsewhere",
        N_("Avis d’adresse du dossier qui entre dans un autre compte"),
        (NAME, _AT, Variable("contact", "text", "sa…@exemple.ma")),
        urgent=True,
    ),
    Notice(
        "access_changed",
        N_("Avis de nouvelle adresse ou de nouveau numéro"),
        (NAME, _AT, Variable("contact", "text", "sa…@exemple.ma")),
        urgent=True,
    ),
)
