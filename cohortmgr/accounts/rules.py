"""Who may do what, and where. A role holds in a scope, and a scope covers another if its path is a prefix."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from cohortmgr.base.errors import N_, NotPermitted, Problem, Refused

SESSION_LIFETIME = timedelta(days=14)
LINK_LIFETIME = timedelta(days=30)
INVITATION_LIFETIME = timedelta(days=7)
# The purpose of the link that an invited person opens.
INVITE = "invite"
# Purposes of single-use links that bring a person to the files that are theirs.
CLAIM = "claim"
# The link went to a telephone, and proves only that number, whatever address the person has been given since.
CLAIM_BY_PHONE = "claim_phone"
CLAIMS = (CLAIM, CLAIM_BY_PHONE)
MIN_PASSWORD = 10
# On a shared device, a session ends after this long without a page, and in any case after a working day.
SHARED_IDLE = timedelta(minutes=30)
SHARED_LIFETIME = timedelta(hours=8)
# A session that was opened within this time, by a code or a password, may change the ways into its account.
FRESH = timedelta(minutes=15)
CODE_DIGITS = 6
CODE_LIFETIME = timedelta(minutes=10)
CODE_TRIES = 5


class Role(StrEnum):
    """What a person is in a scope.
    Being a candidate needs no grant: every account is one, for its own files."""

    CANDIDATE = "candidate"
    GUARDIAN = "guardian"
    REVIEWER = "reviewer"
    SELECTION_MANAGER = "selection_manager"
    TRAINER = "trainer"
    TUTOR = "tutor"
    COMPANY_CONTACT = "company_contact"
    FINANCE = "finance"
    CENTRE_MANAGER = "centre_manager"
    PROGRAMME_ADMINISTRATOR = "programme_administrator"
    GROUP_ENROLLER = "group_enroller"
    OBSERVER = "observer"
    AUDITOR = "auditor"
    SYSTEM_ADMINISTRATOR = "system_administrator"


ROLE_NAMES: Mapping[Role, str] = {
    Role.CANDIDATE: N_("Candidat·e"),
    Role.GUARDIAN: N_("Tuteur légal ou tutrice légale"),
    Role.REVIEWER: N_("Évaluateur·rice"),
    Role.SELECTION_MANAGER: N_("Responsable de la sélection"),
    Role.TRAINER: N_("Formateur·rice"),
    Role.TUTOR: N_("Tuteur·rice en entreprise"),
    Role.COMPANY_CONTACT: N_("Contact d’une entreprise"),
    Role.FINANCE: N_("Responsable des paiements"),
    Role.CENTRE_MANAGER: N_("Responsable de centre ou de région"),
    Role.PROGRAMME_ADMINISTRATOR: N_("Administrateur·rice du programme"),
    Role.GROUP_ENROLLER: N_("Inscripteur·rice de groupes"),
    Role.OBSERVER: N_("Observateur·rice, chiffres seuls"),
    Role.AUDITOR: N_("Auditeur·rice"),
    Role.SYSTEM_ADMINISTRATOR: N_("Administrateur·rice du système"),
}

# The kind of a scope that is a programme, below which no institution stands.
PROGRAMME = "programme"

COMPANY_ROLES = frozenset({Role.COMPANY_CONTACT, Role.TUTOR})
PERSONAL_ROLES = frozenset({Role.CANDIDATE, Role.GUARDIAN})

_SYSTEM_ROLES = frozenset({Role.SYSTEM_ADMINISTRATOR, Role.AUDITOR})
_READERS = frozenset(
    {Role.SELECTION_MANAGER, Role.PROGRAMME_ADMINISTRATOR, Role.CENTRE_MANAGER, Role.AUDITOR}
)
_ADMINISTRATOR = frozenset({Role.PROGRAMME_ADMINISTRATOR})
_MANAGERS = frozenset({Role.SELECTION_MANAGER, Role.PROGRAMME_ADMINISTRATOR})

# Each permission, with the roles that have it.
# Proposing and approving are two permissions, and actions also require two different persons.
PERMISSIONS: Mapping[str, frozenset[Role]] = {
    "programmes.manage": frozenset({Role.PROGRAMME_ADMINISTRATOR, Role.SYSTEM_ADMINISTRATOR}),
    "applications.read": _READERS,
    "applications.manage": _MANAGERS,
    "applications.import": _MANAGERS | {Role.GROUP_ENROLLER},
    "reviews.assign": _MANAGERS,
    "reviews.score": frozenset({Role.REVIEWER}),
    "reviews.read": _MANAGERS | {Role.AUDITOR},
    "selection.read": _MANAGERS | {Role.AUDITOR},
    "selection.propose": frozenset({Role.SELECTION_MANAGER}),
    "selection.approve": _ADMINISTRATOR,
    "cohorts.read": frozenset(
        {Role.PROGRAMME_ADMINISTRATOR, Role.CENTRE_MANAGER, Role.TRAINER, Role.AUDITOR}
    ),
    "cohorts.manage": frozenset({Role.PROGRAMME_ADMINISTRATOR, Role.CENTRE_MANAGER}),
    "placements.read": frozenset({Role.PROGRAMME_ADMINISTRATOR, Role.CENTRE_MANAGER, Role.AUDITOR}),
    "placements.manage": _ADMINISTRATOR,
    "placements.company": frozenset({Role.COMPANY_CONTACT}),
    "placements.apprentices": COMPANY_ROLES,
    "stipends.read": frozenset({Role.FINANCE, Role.PROGRAMME_ADMINISTRATOR, Role.AUDITOR}),
    "stipends.prepare": frozenset({Role.FINANCE}),
    "stipends.approve": _ADMINISTRATOR,
    "reports.read": frozenset(Role)
    - COMPANY_ROLES
    - PERSONAL_ROLES
    - {Role.REVIEWER, Role.GROUP_ENROLLER, Role.SYSTEM_ADMINISTRATOR},
    "messages.write": _MANAGERS | {Role.CENTRE_MANAGER},
    "messages.approve": _ADMINISTRATOR,
    "messages.desk": _MANAGERS | {Role.CENTRE_MANAGER, Role.FINANCE},
    "audit.read": frozenset({Role.AUDITOR, Role.SYSTEM_ADMINISTRATOR}),
    "people.manage": frozenset({Role.PROGRAMME_ADMINISTRATOR, Role.SYSTEM_ADMINISTRATOR}),
    "operations.read": frozenset({Role.SYSTEM_ADMINISTRATOR}),
    "installation.manage": frozenset({Role.SYSTEM_ADMINISTRATOR}),
}


@dataclass(frozen=True, order=True)
class Scope:
    """A part of the tree: what stands at a path and below it, `without` what stands at or below some other paths."""

    path: str
    without: tuple[str, ...] = ()

    def holds(self, path: str) -> bool:
        """Whether a path lies in this part."""
        return covers(self.path, path) and not any(covers(other, path) for other in self.without)


@dataclass(frozen=True)
class Grant:
    """A role in a scope: the scope's kind, reference and path, and the ids of the hosting institutions that it
    reaches. A role at an organisation `alone` does not reach the institutions below it, which are `without`."""

    role: Role
    kind: str
    reference: str
    path: str
    institutions: tuple[int, ...] = ()
    alone: bool = False
    without: tuple[str, ...] = ()

    @property
    def scope(self) -> Scope:
        """The part of the tree in which the role is held."""
        return Scope(self.path, self.without)


def reaching(grant: Grant, hosts: Iterable[tuple[str, int]]) -> Grant:
    """Return a grant as it reaches today: `hosts` are the institutions at or below its path, with their ids.

    What was written when it was given stays (the host of a programme, or a company's); institutions that were added
    since come to it, or are left out if it is `alone`."""
    mine = [(path, number) for path, number in hosts if covers(grant.path, path)]
    if not grant.alone:
        return replace(grant, institutions=tuple(sorted({*grant.institutions, *(n for _, n in mine)})))
    below = [path for path, _ in mine if path != grant.path]
    top = [path for path in below if not any(path != other and covers(other, path) for other in below)]
    return replace(grant, without=tuple(sorted(top)))


@dataclass(frozen=True)
class Viewer:
    """Whoever reads rows and does acts: an account with its person and grants, the system, or nobody."""

    reference: str
    person_id: int | None = None
    person_reference: str | None = None
    name: str = ""
    email: str = ""
    language: str = "fr"
    account_id: int | None = None
    session_id: int | None = None
    # Whether the session is on a shared device, and until when it lasts.
    shared: bool = False
    until: datetime | None = None
    # What enters the account, as it was when the viewer was read: whether the address was proved, and
    # the sealed number.
    has_proved: bool = False
    phone_sealed: bytes | None = field(default=None, repr=False)
    grants: tuple[Grant, ...] = field(default=())
    is_system: bool = False

    @property
    def institutions(self) -> tuple[int, ...]:
        """The ids of the institutions whose rows the grants open, sorted."""
        return tuple(sorted({number for grant in self.grants for number in grant.institutions}))

    @property
    def listed(self) -> tuple[int, ...]:
        """The ids whose rows the tenancy wall lets through:
        the institutions, and 0, for rows without institution, if the viewer reads the installation's."""
        return ((0,) if self.reads_installation else ()) + self.institutions

    @property
    def reads_installation(self) -> bool:
        """Whether the acts that concern no institution are this viewer's to read: a system administrator's, and those
        of an auditor of the whole tree, so that one person may read all that was done."""
        whole = any(
            grant.role == Role.AUDITOR and not grant.path and not grant.alone for grant in self.grants
        )
        return whole or Role.SYSTEM_ADMINISTRATOR in self.roles

    @property
    def roles(self) -> frozenset[Role]:
        """Every role that the viewer holds in any scope."""
        return frozenset(grant.role for grant in self.grants)

    @property
    def works_for(self) -> tuple[str, ...]:
        """The audiences whose pages this viewer's roles open, `staff` and `company`: a person may have both hats."""
        hats = {"staff": self.roles - COMPANY_ROLES - PERSONAL_ROLES, "company": self.roles & COMPANY_ROLES}
        return tuple(each for each, roles in hats.items() if roles)

    @property
    def audience(self) -> str:
        """The pages that are this viewer's home: `public`, `candidate`, `company`, `staff` or `system`."""
        if self.is_system:
            return "system"
        if self.person_id is None:
            return "public"
        return next(iter(self.works_for), "candidate")

    def paths(self, permission: str) -> tuple[str, ...]:
        """Return the paths on which this viewer holds a permission;
        the system holds all, on the empty path."""
        if self.is_system:
            return ("",)
        wanted = PERMISSIONS[permission]
        return tuple(sorted({grant.path for grant in self.grants if grant.role in wanted}))

    def scopes(self, permission: str) -> tuple[Scope, ...]:
        """Return the parts of the tree in which this viewer holds a permission; the system holds all, in the whole."""
        if self.is_system:
            return (Scope(""),)
        wanted = PERMISSIONS[permission]
        return tuple(sorted({grant.scope for grant in self.grants if grant.role in wanted}))


SYSTEM = Viewer(reference="system", name="système", is_system=True)
ANONYMOUS = Viewer(reference="anonymous")


def covers(grant_path: str, path: str) -> bool:
    """Whether a scope's path covers another path. Both end with a point, so that `ma.inpt.` does not cover
    `ma.inptx.`."""
    return not grant_path or (grant_path.endswith(".") and path.startswith(grant_path))


def allows(viewer: Viewer, permission: str, path: str) -> bool:
    """Whether the viewer holds the permission in the scope at `path`."""
    return any(scope.holds(path) for scope in viewer.scopes(permission))


def require(viewer: Viewer, permission: str, path: str) -> None:
    """Raise NotPermitted unless `allows` is true."""
    if not allows(viewer, permission, path):
        raise NotPermitted(f"{permission} at {path}")


# Which roles each role may give, end and lend to a deputy, where it holds. Nobody gives what is not listed: being a
# candidate or a guardian is no role that somebody gives.
_GIVEN = frozenset(Role) - PERSONAL_ROLES
GIVES: Mapping[Role, frozenset[Role]] = {
    Role.PROGRAMME_ADMINISTRATOR: _GIVEN - _SYSTEM_ROLES,
    Role.SYSTEM_ADMINISTRATOR: _GIVEN,
}


# Those who watch from beside: figures alone, or everything and the journal of who did it.
WATCHING = frozenset({Role.OBSERVER, Role.AUDITOR})


def may_borrow(role: Role, own: Collection[Role]) -> bool:
    """Whether somebody who holds these roles of their own may stand in for a role, of which a deputy gets all.

    What a watcher sees is lent to one who watches so already, and whoever only watches borrows nothing else: the one
    would see, the other decide, what nobody gave them."""
    if role in WATCHING:
        return role in own
    return not own or not WATCHING.issuperset(own)


def may_grant(
    viewer: Viewer, role: Role, path: str, institutions: Iterable[int], alone: bool = False
) -> bool:
    """Whether the viewer may give a role there, or end it.

    Nobody can open an institution that is closed to themselves, nor one that may be added later: who holds an
    organisation alone gives it alone. `GIVES` says which roles are whose to give.
    Companies stand beside the institutions in the tree: a company's roles belong to whoever administers all the
    institutions that they open, and to an administrator of the whole tree."""
    if viewer.is_system:
        return True
    opened = set(institutions)
    givers = [grant for grant in viewer.grants if role in GIVES.get(grant.role, ())]
    if (
        role in COMPANY_ROLES
        and opened
        and opened <= {each for grant in givers for each in grant.institutions}
    ):
        return True
    return any(_gives(grant, path, alone) for grant in givers) and opened <= set(viewer.institutions)


def _gives(grant: Grant, path: str, alone: bool) -> bool:
    """Whether a role that is given there, alone or not, stays within this grant."""
    return grant.scope.holds(path) and (alone or not grant.alone or path != grant.path)


def may_invite_for(viewer: Viewer, permission: str, path: str) -> bool:
    """Whether the viewer may give a role there that opens this permission."""
    opening = PERMISSIONS[permission]
    return any(
        grant.scope.holds(path) and opening & GIVES.get(grant.role, frozenset()) for grant in viewer.grants
    )


def givable(viewer: Viewer) -> tuple[Role, ...]:
    """Return the roles that the viewer may give in some place, in the order in which they are listed."""
    if viewer.is_system:
        return tuple(role for role in Role if role in _GIVEN)
    return tuple(role for role in Role if any(role in GIVES.get(held, ()) for held in viewer.roles))


def require_other(viewer: Viewer, account_reference: str) -> None:
    """Raise Refused if the viewer is about to change their own roles or account.
    So there is always somebody left who can undo what was done."""
    if viewer.reference == account_reference:
        raise Refused(Problem(N_("Personne ne change ses propres rôles : demandez-le à une autre personne.")))


def is_path(path: str) -> bool:
    """Whether a text is a scope's path: empty for the whole tree, or keys that each end with a point."""
    return re.fullmatch(r"([a-z0-9-]+\.)*", path) is not None


def require_anywhere(viewer: Viewer, permission: str) -> None:
    """Raise NotPermitted unless the viewer holds the permission in some scope;
    `visible` then chooses the rows."""
    if not viewer.paths(permission):
        raise NotPermitted(permission)


def require_second_person(first: str, second: str) -> None:
    """Raise Refused if the approver also prepared what is approved. Both arguments are account references."""
    if first == second:
        raise Refused(
            Problem(N_("Une deuxième personne doit donner son accord : vous l’avez vous-même préparé."))
        )


def lasts_until(began: datetime, moment: datetime, shared: bool) -> datetime:
    """Return when a session that began at `began` ends, if no page is requested after `moment`."""
    if not shared:
        return began + SESSION_LIFETIME
    return min(moment + SHARED_IDLE, began + SHARED_LIFETIME)


def is_code_open(used: bool, expires_at: datetime, tries: int, moment: datetime) -> bool:
    """Whether a code may still be tried: not once it was used, nor after ten minutes or five tries."""
    return not used and moment < expires_at and tries < CODE_TRIES


def password_problems(password: str, email: str) -> list[Problem]:
    """Return why a password is refused; empty if it is good enough."""
    if len(password) < MIN_PASSWORD:
        return [Problem(N_("Choisissez au moins %(least)s caractères."), {"least": MIN_PASSWORD}, "password")]
    if len(set(password)) < 4 or password.casefold() in (
        email.casefold(),
        email.partition("@")[0].casefold(),
    ):
        return [
            Problem(
                N_("Ce mot de passe se devine trop facilement. Une phrase de quelques mots convient."),
                {},
                "password",
            )
        ]
    return []
