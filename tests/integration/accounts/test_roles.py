"""Every route × every role, requested for real: the table of tests/data/access.txt, on both databases."""

from __future__ import annotations

import io
import re
import shutil
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from typing import Any
from urllib.parse import urlsplit

from werkzeug.test import TestResponse

from bench.statements import counted
from cohortmgr.accounts.rules import Role
from tests.databases import KEEP, Database, SqliteDatabase, dispose
from tests.factories.access import COLUMNS, cookie, places, rows, sessions
from tests.factories.year import FILE, PHOTO, ROLE_OF, lived
from tests.watch import SeparateClient, test_context

WRITTEN = re.compile(r"\s*(?:INSERT INTO|UPDATE)\s+(\w+)", re.IGNORECASE)
WRITES = re.compile(r"\s*(INSERT|UPDATE|DELETE|SELECT app_(end|use|move|destroy)_)", re.IGNORECASE)
# Without what the database computes itself, which nobody may write.
WRITTEN_COLUMNS = (
    "SELECT string_agg(quote_ident(column_name), ', ') FROM information_schema.columns "
    "WHERE table_schema = 'public' AND table_name = %s AND is_generated = 'NEVER'"
)
# What functions of PostgreSQL write to, which the web calls where its role may not write itself.
BY_FUNCTIONS = {
    "app_end_sessions": "sessions",
    "app_use_up_links": "links",
    "app_move_head": "audit_heads",
    "app_destroy_key": "subject_keys",
}

# What a form of that address would send, sound as far as it goes without knowing the page.
BODIES: Mapping[str, Mapping[str, str]] = {
    "/help/mdia": {"topic": "dates", "text": "Quand ?", "name": "Une", "email": "une@exemple.ma"},
    "/help/questions/{question_link}": {"text": "Et encore ?"},
    "/my/questions/{question}": {"text": "Le cinquième."},
    "/my/applications/{application}/question": {"topic": "dates", "text": "Quand ?"},
    "/my/stipends/{line}/question": {"text": "Pourquoi ?"},
    "/staff/questions/{question}/answer": {"text": "Le 3 juin."},
    "/staff/questions/{question}/call": {"text": "Dit.", "with": "Une"},
    "/staff/questions/{question}/note": {"text": "Entre nous."},
    "/staff/questions/{line_question}/answer": {"text": "Deux absences."},
    "/staff/questions/answers": {"fr": "a", "ar": "b", "en": "c", "count": "2"},
    "/staff/answers/new": {"topic": "dates", "title": "Dates", "fr": "a", "ar": "b", "en": "c"},
    "/staff/answers/{saved_answer}": {
        "topic": "dates",
        "title": "T",
        "fr": "a",
        "ar": "b",
        "en": "c",
        "version": "1",
    },
    "/staff/troubles/{trouble}/correct": {"email": "autre@exemple.ma"},
    "/staff/troubles/{trouble}/told": {"note": "Dit par téléphone."},
    "/sign-in": {"email": "personne@exemple.ma", "password": "une phrase quelconque"},
    "/sign-up": {"email": "nouvelle@exemple.ma", "password": "une phrase quelconque"},
    "/code": {"code": "204816"},
    "/tell-me": {"email": "une@exemple.ma", "region": "", "programme": "", "spoken": "fr"},
    "/tell-me/code": {"code": "204816"},
    "/my/sessions/password": {"password": "une phrase quelconque"},
    "/my/sessions/contact": {"email": "autre@exemple.ma"},
    "/my/sessions/code": {"code": "204816"},
    "/password": {"email": "candidate@exemple.ma"},
    "/links/{link}": {"password": "une phrase quelconque"},
    "/my/applications/{draft}/form/contact/2": {"city": "Fès", "later": "1"},
    "/my/applications/{draft}/answers": {},
    "/my/applications/{draft}/helper": {"name": "Rachida", "relation": "ma mère"},
    "/my/applications/{draft}/form": {"motivation": "Apprendre.", "later": "1"},
    "/my/offers/{open_offer}/answer": {"answer": "accept"},
    "/my/wishes/{enrolment}": {"wish": "{position}"},
    "/company/positions/{position}": {"version": "1"},
    "/staff/intakes/{intake}/campaigns/new": {
        "title": "Un envoi",
        "audience": "list",
        "state": "submitted",
        "subject_fr": "Objet",
        "body_fr": "Bonjour {{name}}",
        "form_key": "K",
    },
    "/staff/campaigns/{campaign}/edit": {"title": "Un envoi", "subject_fr": "Objet", "body_fr": "Bonjour"},
    "/staff/campaigns/{campaign}/test": {"form_key": "K"},
    "/staff/campaigns/{campaign}/approve": {"confirmation": "60"},
    "/my/applications/{asked}/correction": {"s1": "14", "motivation": "Apprendre encore."},
    "/my/applications/{joining}/joining": {"emergency_name": "Rachida", "emergency_phone": "0612345678"},
    "/staff/intakes/{intake}/views": {"name": "Ma vue"},
    "/staff/applications/{application}/notes": {"text": "À rappeler."},
    "/staff/applications/{application}/correction": {"fix-s1": "incorrect", "until": "2026-12-01"},
    "/staff/applications/{application}/eligibility": {"eligible": "no", "reason": "Diplôme non reconnu."},
    "/staff/applications/{draft}/extension": {"until": "2027-04-30", "reason": "Hospitalisation."},
    "/staff/intakes/{intake}/moves/{application}": {"reason": "Un portfolio.", "direction": "in"},
    "/staff/intakes/{open_intake}/late": {
        "email": "tard@exemple.ma",
        "until": "2027-04-30",
        "reason": "Panne.",
    },
    "/staff/intakes/{open_intake}/deadline": {"until": "2027-04-30", "reason": "Panne nationale."},
    "/staff/intakes/{intake}/lots/correct": {"fix-s1": "incorrect", "until": "2026-12-01", "count": "11"},
    "/staff/duplicates/{draft}/{twin}": {"reason": "La même personne."},
    "/guardian": {"contact": "0612000001"},
    "/staff/tray/{row}": {"version": "1"},
    "/staff/tray/{row}/ask": {"version": "1"},
    "/staff/tray/{row}/discard": {"reason": "Envoyée deux fois."},
    "/staff/reviews/{review}": {"comment": "Un autre avis.", "version": "2"},
    "/staff/reviews/{review}/abstain": {"reason": "Je connais cette personne.", "version": "2"},
    "/staff/reviews/{review}/reopen": {"reason": "Une note est à revoir."},
    "/staff/intakes/{intake}/reviews": {},
    "/staff/intakes/{intake}/ranking": {"note": "Un second lot."},
    "/staff/intakes/{intake}/reviews/readers/{reader}": {"to": "", "reason": "Absente."},
    "/staff/intakes/{intake}/reviews/readers/{reader}/terms": {"most_files": "500"},
    "/staff/intakes/{intake}/reviews/known": {"names": "Salma Bennis"},
    "/staff/intakes/{intake}/reviews/readers/{reader}/conflicts": {"files": "MDIA-000001"},
    "/staff/intakes/{intake}/reviews/give": {"to": "{reader}", "files": "MDIA-000001"},
    "/staff/intakes/{intake}/reviews/more": {"number": "MDIA-000001"},
    "/staff/intakes/{intake}/reviews/day": {"all-due_on": "2099-12-31"},
    "/staff/batches/{batch}/approve": {"confirmation": "12"},
    "/staff/batches/{batch}/close-list": {"reason": "La promotion est complète."},
    "/staff/offers/{open_offer}/extend": {"until": "2027-01-15", "version": "1"},
    "/staff/offers/{open_offer}/remind": {"version": "1"},
    "/staff/offers/{open_offer}/withdraw": {"reason": "Diplôme non reconnu.", "version": "1"},
    "/staff/enrolments/{enrolment}/days": {"starts_on": "2025-10-01", "reason": "Arrivée tardive."},
    "/staff/cohorts/{cohort}/placements/by-hand": {"starts_on": "2026-02-02", "reason": "Tardive."},
    "/staff/placements/{placement}": {"last_day": "2026-02-10", "reason": "Fermeture."},
    "/staff/stipends/{waiting_run}/cancel": {"reason": "Mois faux.", "version": "2"},
    "/staff/stipends/{paid_run}/paid": {"day": "2026-02-03"},
    "/staff/stipend-lines/{line}/bank": {"day": "2026-02-03", "because": ""},
    "/staff/matchings/{matching}/approve": {"confirmation": "11"},
    "/staff/cohorts/{cohort}/stipends": {"month": "2026-03"},
    "/staff/programmes/mdia/form/move": {"name": "motivation", "by": "-1", "version": "0"},
    "/staff/programmes/mdia/form/copy": {"name": "motivation", "version": "0"},
    "/staff/programmes/mdia/form/add": {"in": "motivation", "kind": "text", "label-fr": "Une question"},
    "/staff/programmes/mdia/form/questions/motivation": {"label-fr": "Pourquoi ?"},
    "/staff/programmes/mdia/form/questions/motivation/remove": {"version": "0"},
    "/staff/programmes/mdia/form/add-section": {"title-fr": "Suite"},
    "/staff/programmes/mdia/form/sections/motivation": {"title-fr": "Projet"},
    "/staff/programmes/mdia/form/sections/motivation/move": {"by": "-1", "version": "0"},
    "/staff/programmes/mdia/form/sections/motivation/remove": {"version": "0"},
    "/staff/programmes/mdia/publish": {"version": "0", "over": "1"},
    "/staff/programmes/mdia/discard": {"version": "0"},
    "/staff/programmes/mdia/file": {"version": "0"},
    "/staff/programmes/mdia/texts": {"version": "0"},
    "/staff/programmes/mdia/dates": {"version": "0"},
    "/staff/programmes/mdia/eligibility/add": {"sort": "age", "reason-fr": "Trop jeune."},
    "/staff/programmes/mdia/eligibility/rules/licence": {"reason-fr": "Non."},
    "/staff/programmes/mdia/eligibility/rules/licence/move": {"by": "-1", "version": "0"},
    "/staff/programmes/mdia/eligibility/rules/licence/remove": {"version": "0"},
    "/staff/programmes/mdia/eligibility/try": {"licence": "droit"},
    "/staff/programmes/mdia/rubric": {"version": "0", "readings": "3"},
    "/staff/programmes/mdia/rubric/add": {"title-fr": "Entretien"},
    "/staff/programmes/mdia/rubric/criteria/projet": {"title-fr": "Projet"},
    "/staff/programmes/mdia/rubric/criteria/projet/move": {"by": "-1", "version": "0"},
    "/staff/programmes/mdia/rubric/criteria/projet/remove": {"version": "0"},
    "/staff/programmes/mdia/guardians": {"version": "0", "under": "18"},
    "/staff/programmes/mdia/guardians/ask": {"version": "0"},
    "/staff/programmes/mdia/guardians/forget": {"version": "0"},
    "/staff/texts/offer_made/email/fr": {
        "subject": "Votre place",
        "body": "{{deadline}} {{link}}",
        "number": "0",
    },
    "/staff/texts/offer_made/email/fr/back": {"version": "0"},
    "/staff/people/invite": {"email": "neuve@exemple.ma", "role": "reviewer", "spoken": "fr"},
    "/staff/people/{colleague}/give": {"role": "observer"},
    "/staff/people/roles/{held_role}/deputy": {"ends_on": "2099-12-31"},
    "/staff/people/roles/{held_role}/replace": {"email": "neuve@exemple.ma", "spoken": "fr"},
    "/invitations/{role_link}": {"given_name": "Une", "family_name": "Neuve"},
    "/staff/stipends/{waiting_run}/approve": {"confirmation": "11", "version": "2"},
    "/staff/stipend-lines/{waiting_line}": {"absences": "1", "reason": "Absence du 12.", "version": "2"},
}


def body(path: str, references: Mapping[str, str]) -> dict[str, Any]:
    """The fields of a form, its file included where it has one."""
    fields: dict[str, Any] = {name: text.format(**references) for name, text in BODIES.get(path, {}).items()}
    if path.endswith("/imports"):
        fields["file"] = (io.BytesIO(FILE.read_bytes()[:3000].rpartition(b"\n")[0]), "candidatures.csv")
    if path.endswith("/documents"):
        fields["transcripts"] = (io.BytesIO(PHOTO), "relevés.pdf")
    return fields


class Kept:
    """The database and its files as they were, laid back after each act."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.files = database.settings.data / "files"
        self.copies = database.settings.data / "kept-files"
        shutil.copytree(self.files, self.copies, dirs_exist_ok=True)
        if isinstance(database, SqliteDatabase):
            with closing(sqlite3.connect(database.file)) as connection:
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            self.built = shutil.copyfile(database.file, database.file.with_name("built.sqlite3"))
        else:
            database.admin.execute(KEEP.replace("kept", "built"))

    def lay_back(self, written: Sequence[str]) -> None:
        """As if the last request had not been, which wrote these statements."""
        if isinstance(self.database, SqliteDatabase):
            dispose(self.database.app)
            dispose(self.database.system_app)
            for suffix in ("-wal", "-shm"):
                self.database.file.with_name(self.database.file.name + suffix).unlink(missing_ok=True)
            shutil.copyfile(self.built, self.database.file)
        else:
            self._tables(written)
        for copy in self.copies.glob("*/*"):
            file = self.files / copy.relative_to(self.copies)
            if not file.exists():
                file.parent.mkdir(exist_ok=True)  # a folder goes with its last file
                shutil.copyfile(copy, file)

    def _tables(self, written: Sequence[str]) -> None:
        """Only what was written to: the whole takes half a second. A deletion may have taken others along."""
        assert not isinstance(self.database, SqliteDatabase)
        if any(statement.lstrip().upper().startswith("DELETE") for statement in written):
            self.database.admin.execute("SELECT built.lay_anew()")
            return
        there = "SELECT tablename FROM pg_tables WHERE schemaname = 'built'"
        kept = {name for (name,) in self.database.admin.execute(there)}
        touched = {match[1] for statement in written if (match := WRITTEN.match(statement))}
        touched |= {table for name, table in BY_FUNCTIONS.items() if any(name in each for each in written)}
        for table in touched:
            self.database.admin.execute(f"DELETE FROM public.{table}")
            if table in kept:
                (named,) = self.database.admin.execute(WRITTEN_COLUMNS, (table,)).fetchone() or ("",)
                self.database.admin.execute(
                    f"INSERT INTO public.{table} ({named}) SELECT {named} FROM built.{table}"
                )

    def close(self) -> None:
        """Leave nothing for the next test."""
        if not isinstance(self.database, SqliteDatabase):
            self.database.admin.execute("DROP SCHEMA built CASCADE")


def letter_of(answer: TestResponse) -> str:
    """What somebody was answered, as the table writes it; the status itself when it has no letter."""
    if answer.status_code == 404:
        return "4"
    if answer.status_code in (302, 303):
        return "s" if urlsplit(answer.location).path == "/sign-in" else ">"
    return "2" if answer.status_code == 200 else str(answer.status_code)


def is_right(wanted: str, got: str) -> bool:
    """Whether an answer is the table's; who may act may also be refused what was typed."""
    return got in ("2", ">", "409", "410", "422", "s") if wanted == "+" else got == wanted


def test_every_cell_is_answered_as_the_table_says(database: Database) -> None:
    with test_context(database.system_app):
        year = lived()
        tokens: dict[str, str | None] = {"a": None, **sessions(year)}
    references = places(database, year)
    database.app.config["WTF_CSRF_ENABLED"] = False
    database.app.test_client_class = SeparateClient
    client = database.app.test_client(use_cookies=False)
    headers = {column: cookie(database, token) for column, token in tokens.items()}
    kept = Kept(database)
    wrong: list[str] = []
    try:
        for method, path, cells in rows():
            address = path.format(**references)
            for column, wanted in zip(COLUMNS, cells, strict=True):
                sent = body(path, references) if method == "POST" else None
                with counted() as seen:
                    answer = client.open(address, method=method, data=sent, headers=headers[column])
                got = letter_of(answer)
                answer.close()
                if not is_right(wanted, got):
                    wrong.append(f"{method} {path}: {COLUMNS[column]} gets {got}, the table says {wanted}")
                written = [statement for statement in seen if WRITES.match(statement)]
                if wanted in "4s" and written:
                    wrong.append(f"{method} {path}: {COLUMNS[column]} wrote {written[0][:80]}")
                if method == "POST" and written:
                    kept.lay_back(written)
    finally:
        kept.close()
    assert not wrong, "\n".join(wrong)


def test_every_route_has_a_row_and_every_row_a_route(database: Database) -> None:
    asked: set[tuple[str, str]] = set()
    with database.app.test_request_context():
        adapter = database.app.url_map.bind("localhost")
        for method, path, cells in rows():
            assert len(cells) == len(COLUMNS), f"{path} has {len(cells)} cells"
            endpoint, _values = adapter.match(re.sub(r"\{\w+\}", "A" * 26, path), method)
            asked.add((method, endpoint))
    there = {
        (method, rule.endpoint)
        for rule in database.app.url_map.iter_rules()
        for method in (rule.methods or set()) & {"GET", "POST", "PUT", "PATCH", "DELETE"}
    }
    assert asked == there


def test_each_role_has_a_column() -> None:
    held = {Role.CANDIDATE, *ROLE_OF.values()}
    assert held == set(Role)
    assert set(COLUMNS.values()) >= {role.value for role in Role} - {"company_contact"}
