"""The registry of places: bars in their order, and rooms below another's entry."""

from __future__ import annotations

import pytest

from cohortmgr.base.registries.navigation import Entry, Navigation

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
