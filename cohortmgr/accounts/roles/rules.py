"""The life of an account, of a role that somebody holds, and of an invitation to one. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from cohortmgr.accounts.rules import COMPANY_ROLES, Role
from cohortmgr.base.errors import N_, Problem
from cohortmgr.base.states import Stage, Table


@dataclass(frozen=True)
class RoleScope:
    """A place where roles are given: its kind, reference and path, its name in three languages, and the ids of the
    hosting institutions that a role there opens today. An organisation `alone` is without those below it; `beside` says
    that it may be chosen with them too."""

    kind: str
    reference: str
    path: str
    name: Mapping[str, str]
    institutions: tuple[int, ...]
    is_company: bool = False
    alone: bool = False
    beside: bool = False

    @property
    def choice(self) -> str:
        """The place in a list to choose from, where an organisation may stand with those below it and alone."""
        return f"{self.reference}:alone" if self.beside else self.reference


ALONE = N_("%(place)s, sans les établissements qui en dépendent")
"""How an organisation is called that is without those below it."""


class AccountState(StrEnum):
    """Whether an account can be entered."""

    OPEN = "open"
    SUSPENDED = "suspended"


class GrantState(StrEnum):
    """Whether a role holds."""

    COMING = "coming"
    HELD = "held"
    ENDED = "ended"


class InvitationState(StrEnum):
    """Whether an invitation waits for its answer."""

    WAITING = "waiting"
    LAPSED = "lapsed"
    ACCEPTED = "accepted"
    CALLED_OFF = "called_off"


ACCOUNTS = Table(
    {
        AccountState.OPEN: Stage(N_("Le compte est ouvert."), (AccountState.SUSPENDED,), N_("Ouvert")),
        AccountState.SUSPENDED: Stage(
            N_("Le compte est suspendu : personne n’y entre, et ses appareils sont déconnectés."),
            (AccountState.OPEN,),
            N_("Suspendu"),
        ),
    }
)

GRANTS = Table(
    {
        GrantState.COMING: Stage(
            N_("Le rôle n’a pas encore commencé."), (GrantState.HELD, GrantState.ENDED), N_("À venir")
        ),
        GrantState.HELD: Stage(N_("Le rôle est en cours."), (GrantState.ENDED,), N_("En vigueur")),
        GrantState.ENDED: Stage(N_("Le rôle est fini."), (GrantState.COMING, GrantState.HELD), N_("Fini")),
    }
)

INVITATIONS = Table(
    {
        InvitationState.WAITING: Stage(
            N_("L’invitation est partie et attend sa réponse."),
            (InvitationState.ACCEPTED, InvitationState.LAPSED, InvitationState.CALLED_OFF),
            N_("Invité·e"),
        ),
        InvitationState.LAPSED: Stage(
            N_("L’invitation n’a pas eu de réponse à temps : elle peut repartir."),
            (InvitationState.WAITING, InvitationState.CALLED_OFF),
            N_("Sans réponse"),
        ),
        InvitationState.ACCEPTED: Stage(
            N_("La personne a prouvé son adresse ou son numéro, et le rôle est à elle."), (), N_("Acceptée")
        ),
        InvitationState.CALLED_OFF: Stage(N_("L’invitation a été retirée."), (), N_("Retirée")),
    }
)


def last_day(ends_on: date | None, ended_on: date | None) -> date | None:
    """Return the last day of a role that was to end on one day and was ended on another, either of them None."""
    return min((day for day in (ends_on, ended_on) if day is not None), default=None)


def grant_state(
    begins_on: date | None, ends_on: date | None, revoked_at: datetime | None, today: date
) -> GrantState:
    """Return the state of a role; both days count in it."""
    if revoked_at is not None or (ends_on is not None and ends_on < today):
        return GrantState.ENDED
    return GrantState.COMING if begins_on is not None and begins_on > today else GrantState.HELD


def deputy_state(own: GrantState, lent: GrantState, *, is_open: bool) -> GrantState:
    """Return the state of a deputy's role: by its own days, by the role that is lent, and whether the account of
    whoever holds that is open. A suspended colleague has nobody who acts in their place."""
    if lent is GrantState.ENDED or not is_open:
        return GrantState.ENDED
    return lent if own is GrantState.HELD else own


def invitation_state(
    accepted_at: datetime | None, called_off_at: datetime | None, expires_at: datetime, moment: datetime
) -> InvitationState:
    """Return the state of an invitation."""
    if accepted_at is not None:
        return InvitationState.ACCEPTED
    if called_off_at is not None:
        return InvitationState.CALLED_OFF
    return InvitationState.WAITING if moment < expires_at else InvitationState.LAPSED


def period_problems(begins_on: date | None, ends_on: date | None, today: date) -> list[Problem]:
    """Return why a role cannot hold from one day to another; empty if it can."""
    if ends_on is not None and ends_on < today:
        return [Problem(N_("Ce jour est passé : choisissez aujourd’hui ou plus tard."), {}, "ends_on")]
    if begins_on is not None and ends_on is not None and ends_on < begins_on:
        return [Problem(N_("Le dernier jour vient avant le premier."), {}, "ends_on")]
    return []


def lending_problems(ends_on: date | None, lent_until: date | None, *, is_borrowed: bool) -> list[Problem]:
    """Return why a role that holds until `lent_until` cannot be lent until `ends_on`; empty if it can."""
    if is_borrowed:
        return [Problem(N_("Ce rôle est lui-même une suppléance : seul un rôle à soi se confie."))]
    if ends_on is None:
        return [Problem(N_("Dites le dernier jour de la suppléance."), {}, "ends_on")]
    if lent_until is not None and ends_on > lent_until:
        said = N_("Ce rôle finit le %(last)s : une suppléance ne dure pas plus longtemps.")
        return [Problem(said, {"last": lent_until}, "ends_on")]
    return []


def place_problems(role: Role, is_company: bool) -> list[Problem]:
    """Return why a role cannot be held in such a place; empty if it can."""
    if role in COMPANY_ROLES and not is_company:
        return [Problem(N_("Ce rôle se donne dans une entreprise : choisissez-la."), {}, "scope")]
    if role not in COMPANY_ROLES and is_company:
        return [Problem(N_("Ce rôle ne se donne pas dans une entreprise."), {}, "scope")]
    return []


def period(begins_on: date | None, ends_on: date | None) -> Problem:
    """Return in words when a role holds."""
    if begins_on and ends_on:
        return Problem(N_("du %(first)s au %(last)s"), {"first": begins_on, "last": ends_on})
    if ends_on:
        return Problem(N_("jusqu’au %(last)s"), {"last": ends_on})
    return (
        Problem(N_("à partir du %(first)s"), {"first": begins_on})
        if begins_on
        else Problem(N_("sans date de fin"))
    )
