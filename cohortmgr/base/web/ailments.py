"""Ailments of the machine, told apart, which pass: the database locked or away, a full disk, the files away."""

from __future__ import annotations

import shutil
import sqlite3
import time

import psycopg
import sqlalchemy as sa
from flask import current_app

from cohortmgr.base import storage
from cohortmgr.base.databases.ailing import Ailment, ailment_of
from cohortmgr.base.db import db
from cohortmgr.base.errors import N_, Problem
from cohortmgr.base.stores.store import StoreAway
from cohortmgr.base.web.locks import is_locked

# With less than this many bytes left, the next upload or the next page of the journal finds no room.
LEAST_ROOM = 16 * 1024 * 1024
# For so many seconds a full disk is remembered: the one of a database elsewhere cannot be asked.
_FULL_FOR = 30.0
_FULL_SINCE = "cohortmgr.full_since"
# Nothing lies there: that the store says so shows that it answers.
_ASKED_OF_FILES = "health/"


SAID: dict[Ailment, Problem] = {
    Ailment.LOCKED: Problem(
        N_(
            "Un long travail occupe les données, et votre envoi n’a pas pu passer : rien n’a été enregistré. "
            "Attendez une minute, revenez en arrière et envoyez de nouveau."
        )
    ),
    Ailment.FULL: Problem(
        N_(
            "Le serveur n’a plus de place : rien de ce que vous venez d’envoyer n’a été enregistré. Gardez votre "
            "texte ou votre fichier, et recommencez dans une heure ; si cela dure, prévenez votre programme."
        )
    ),
    Ailment.AWAY: Problem(
        N_(
            "Les données ne sont pas joignables en ce moment. Attendez quelques minutes, puis rechargez la page ; "
            "ce qui était déjà enregistré l’est toujours."
        )
    ),
    Ailment.FILES: Problem(
        N_(
            "Les fichiers ne sont pas joignables en ce moment. Gardez celui que vous envoyez et recommencez dans "
            "quelques minutes ; ce qui était déjà arrivé n’est pas perdu."
        )
    ),
}
# Seconds after which a program may try again.
RETRY = {Ailment.LOCKED: 10, Ailment.FULL: 600, Ailment.AWAY: 60, Ailment.FILES: 60}


def note(ailment: Ailment) -> None:
    """Remember a disk that was full, for `ailment_now`."""
    if ailment is Ailment.FULL:
        current_app.extensions[_FULL_SINCE] = time.monotonic()


def ailment_now() -> Ailment | None:
    """Return what ails the machine now, or None. It waits for no lock, and seconds for a server that is absent or
    hangs."""
    since = current_app.extensions.get(_FULL_SINCE)
    remembered = since is not None and time.monotonic() - since < _FULL_FOR
    if remembered or shutil.disk_usage(current_app.config["DATA"]).free < LEAST_ROOM:
        return Ailment.FULL
    try:
        if is_locked(db.session, db.engine):
            return Ailment.LOCKED
    except (sa.exc.DBAPIError, sqlite3.Error, psycopg.Error) as error:
        db.session.rollback()
        return ailment_of(error) or Ailment.AWAY
    try:
        next(storage.in_use().list(_ASKED_OF_FILES), None)
    except StoreAway as error:
        return ailment_of(error)
    return None
