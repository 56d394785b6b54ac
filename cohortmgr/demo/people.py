"""The invented people who work in the demonstration: at least one person for each role."""

from __future__ import annotations

from dataclasses import dataclass

from cohortmgr.accounts.rules import Role

PASSWORD = "alternance-a-rabat"  # noqa: S105  # printed for everybody who starts the demonstration

# A new candidate who has begun a file for the open intake.
BEGINNER = "salma.benhaddou@example.org"

# A person without e-mail who has also begun a file for the open intake; all messages to them go by SMS.
BY_TELEPHONE = "+212661234500"


@dataclass(frozen=True)
class Colleague:
    """A person with a role; `company` is the key of the company for which they act."""

    email: str
    given_name: str
    family_name: str
    role: Role
    company: str | None = None
    language: str = "fr"


STAFF = (
    Colleague("administration@inpt.example", "Amina", "Berrada", Role.PROGRAMME_ADMINISTRATOR),
    Colleague("selection@inpt.example", "Driss", "Tahiri", Role.SELECTION_MANAGER),
    Colleague("finances@inpt.example", "Hind", "Lamrani", Role.FINANCE),
    Colleague("formation@inpt.example", "Youssef", "Bennani", Role.TRAINER),
    Colleague("centre@inpt.example", "Latifa", "Chraibi", Role.CENTRE_MANAGER),
    Colleague("groupes@inpt.example", "Omar", "Sefrioui", Role.GROUP_ENROLLER),
    Colleague("observation@almada.example", "Nadia", "Filali", Role.OBSERVER),
    Colleague("audit@inpt.example", "Khalid", "Mernissi", Role.AUDITOR),
    Colleague("systeme@inpt.example", "Sanae", "Ouazzani", Role.SYSTEM_ADMINISTRATOR),
    Colleague("parent@example.org", "Naïma", "El Idrissi", Role.GUARDIAN, language="ar"),
    Colleague("lecture1@inpt.example", "Rachid", "Amrani", Role.REVIEWER),
    Colleague("lecture2@inpt.example", "Samira", "Kettani", Role.REVIEWER, language="ar"),
    Colleague("lecture3@inpt.example", "Mehdi", "Alaoui", Role.REVIEWER),
    Colleague("lecture4@inpt.example", "Zineb", "Skalli", Role.REVIEWER),
    Colleague("lecture5@inpt.example", "Hamid", "Rouissi", Role.REVIEWER),
    Colleague("lecture6@inpt.example", "Ghita", "Benjelloun", Role.REVIEWER),
    Colleague("lecture7@inpt.example", "Anas", "Cherkaoui", Role.REVIEWER),
    Colleague("lecture8@inpt.example", "Leila", "Hajji", Role.REVIEWER),
)

COMPANIES = (
    Colleague(
        "alternance@attijariwafa.example", "Karim", "Idrissi", Role.COMPANY_CONTACT, "attijariwafa-bank"
    ),
    Colleague("alternance@inwi.example", "Salma", "Naciri", Role.COMPANY_CONTACT, "inwi"),
    Colleague("alternance@managem.example", "Hicham", "Ziani", Role.COMPANY_CONTACT, "managem"),
    Colleague("alternance@nareva.example", "Meryem", "Bouazza", Role.COMPANY_CONTACT, "nareva"),
    Colleague("tuteur@inwi.example", "Adil", "Fassi", Role.TUTOR, "inwi"),
)
