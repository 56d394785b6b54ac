"""The registry of places: bars in their order, rooms below another's entry, cards of an intake and of a cohort."""

from __future__ import annotations

import pytest

from cohortmgr.base.navigation import Entry, Navigation, RoomCard

TODAY = Entry("Aujourd’hui", "portals.staff_home", 10, below=("portals.intake",))


def test_a_bar_is_ordered_by_position_and_not_by_who_came_first() -> None:
    navigation = Navigation()
    navigation.add("staff", Entry("Journal", "trail", 60), TODAY)
    navigation.add("company", Entry("Accueil", "home", 10))
    assert [entry.endpoint for entry in navigation.bar("staff")] == ["portals.staff_home", "trail"]
    assert navigation.bar("candidate") == ()


def test_a_room_stands_below_the_entry_of_another_even_before_that_is_there() -> None:
    navigation = Navigation()
    navigation.lead_to("portals.staff_home", "selection_staff")
    navigation.add("staff", TODAY)
    navigation.lead_to("portals.staff_home", "stipends_staff")
    (entry,) = navigation.bar("staff")
    assert entry.below == ("portals.intake", "selection_staff", "stipends_staff")


def test_a_page_stands_once_in_a_bar_and_may_stand_in_several() -> None:
    navigation = Navigation()
    navigation.add("staff", TODAY)
    navigation.add("own", TODAY)
    with pytest.raises(ValueError, match="twice"):
        navigation.add("staff", TODAY)


def test_cards_come_in_the_order_in_which_a_file_meets_them() -> None:
    navigation = Navigation()
    navigation.add_cards(
        RoomCard("Bourses", "", "stipends", "stipends.read", 30, of="cohort"),
        RoomCard("Rapports", "", "reports", "reports.read", 70),
        RoomCard("Candidatures", "", "lists", "applications.read", 10),
    )
    assert [card.endpoint for card in navigation.cards("intake")] == ["lists", "reports"]
    assert [card.endpoint for card in navigation.cards("cohort")] == ["stipends"]
