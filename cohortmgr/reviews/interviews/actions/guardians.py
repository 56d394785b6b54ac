"""What a guardian does in a child's place: choose a slot, give it back, say what the child needs."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager

from cohortmgr.accounts.models import Person
from cohortmgr.accounts.rules import Viewer
from cohortmgr.applications.guardians.queries import Child, acting_for, children, guardianships
from cohortmgr.base.errors import NotFound
from cohortmgr.reviews.interviews.actions import booking, needs
from cohortmgr.reviews.interviews.models import SlotBooking


@contextmanager
def _held(guardian: Person, reference: str) -> Iterator[Child]:
    """The child's file with this reference, its row locked, while the institution's rows can be reached. Raises
    NotFound for one of another guardian's."""
    held = guardianships(guardian)
    with acting_for(held):
        for child in children(held, lock=True):
            if child.application.reference == reference:
                yield child
                return
        raise NotFound(reference)


def book_for_child(viewer: Viewer, guardian: Person, reference: str, slot: str) -> SlotBooking:
    """Take a slot for a child, or move to it, as `booking.book` does for oneself."""
    with _held(guardian, reference) as child:
        return booking.take_slot(viewer, child.application, child.intake, slot, by=guardian.reference)


def give_back_for_child(viewer: Viewer, guardian: Person, reference: str, phase: str) -> SlotBooking:
    """Give back a child's slot, as `booking.give_back` does one's own."""
    with _held(guardian, reference) as child:
        return booking.return_slot(viewer, child.application, child.intake, phase)


def say_child_needs(
    viewer: Viewer, guardian: Person, reference: str, kinds: Collection[str], words: str
) -> bool:
    """Say what a child needs, as `needs.say_needs` does for oneself."""
    with _held(guardian, reference) as child:
        return needs.write_needs(viewer, child.application, child.intake, kinds, words)
