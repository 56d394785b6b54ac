"""Every screen of the year, in French and Arabic: nothing in anybody's way, nothing beyond the edge, and light."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Response

from tests.browser.conftest import Lived
from tests.browser.visits import visiting
from tests.databases import Database
from tests.factories.many_programmes import open_programmes
from tests.factories.year import Year
from tests.watch import test_context

SCREENS = {
    "": (
        "/",
        "/programmes/mdia",
        "/intakes/{open_intake}",
        "/intakes/{open_intake}/eligibility",
        "/sign-in",
        "/sign-up",
        "/password",
        "/tell-me?programme=mdia",
        "/tell-me/stop/{watch}",
        "/programmes/mdia/famille",
        "/data",
        "/programmes/mdia/data",
        "/legal",
        "/accessibility",
        "/help/mdia?topic=erase_data",
        "/repair/{repair}",
        "/guardian",
        "/guardian/{guardian_link}",
        "/invited/{invitation_to_apply}/apply",
        "/help",
        "/help/mdia",
        "/help/received?number=Q-7K3QXPB2",
        "/help/questions/{question_link}",
        "/unsubscribe/{unsubscribe}",
    ),
    "candidate": (
        "/my",
        "/my/applications/{application}",
        "/my/applications/{application}/receipt",
        "/my/applications/{draft}",
        "/my/applications/{draft}/form",
        "/my/applications/{draft}/form/identite/2",
        "/my/applications/{draft}/form/parcours/2",
        "/my/applications/{draft}/form/parcours/4",
        "/my/applications/{draft}/helper",
        "/my/applications/{draft}/documents/transcripts",
        "/my/applications/{draft}/check",
        "/my/applications/{application}/withdraw",
        "/my/applications/{joining}",
        "/my/applications/{joining}/joining",
        "/my/offers/{offer}",
        "/my/wishes/{enrolment}",
        "/my/training/{enrolment}",
        "/my/stipends/{line}",
        "/my/messages",
        "/my/preferences",
        "/my/sessions",
        "/my/questions",
        "/my/questions/{question}",
        "/my/applications/{application}/question",
        "/my/stipends/{line}/question",
    ),
    "stranger": (
        "/my",
        "/my/applications/{asked}",
        "/my/applications/{asked}/correction",
        "/my/offers/{open_offer}",
        "/intakes/{open_intake}/apply",
    ),
    "company": (
        "/company",
        "/my/messages",
        "/my/preferences",
        "/company/apprentices",
        "/company/apprentices/{placement}",
        "/company/positions/{position}",
    ),
    "reviewer": (
        "/staff",
        "/staff/reviews",
        "/staff/reviews/{review}",
        "/staff/reviews/{review}/abstain",
        "/staff/intakes/{intake}/marks",
    ),
    "selection_manager": (
        "/staff/intakes/{intake}",
        "/staff/search",
        "/staff/search?q=mdia&at={intake}",
        "/staff/intakes/{intake}/applications",
        "/staff/intakes/{intake}/applications?columns=email,notes,correction,documents&note=yes",
        "/staff/applications/{application}",
        "/staff/applications/{application}/file",
        "/staff/applications/{application}/readings",
        "/staff/applications/{application}/messages",
        "/staff/documents/{paper}/pages",
        "/staff/applications/{asked}/file",
        "/staff/reviews/{review}",
        "/staff/intakes/{intake}/reviews/readers/{reader}/readings",
        "/staff/intakes/{intake}/reviews/gaps",
        "/staff/intakes/{intake}/reviews/readers/{reader}/terms",
        "/staff/intakes/{intake}/reviews/give",
        "/staff/intakes/{intake}/reviews/agreement",
        "/staff/intakes/{intake}/phases",
        "/staff/intakes/{intake}/harmonisation",
        "/staff/intakes/{intake}/reviews/readers/{reader}/conflicts",
        "/staff/intakes/{intake}/reviews/more",
        "/staff/intakes/{intake}/harmonisation/further",
        "/staff/applications/{application}/correction",
        "/staff/applications/{application}/answers",
        "/staff/applications/{application}/answers/motivation",
        "/staff/applications/{application}/withdrawal",
        "/staff/applications/{application}/eligibility",
        "/staff/applications/{draft}/extension",
        "/staff/intakes/{intake}/lots/correct",
        "/staff/lots/{lot}",
        "/staff/intakes/{open_intake}/duplicates",
        "/staff/intakes/{open_intake}/duplicates?with=others",
        "/staff/duplicates/{draft}/{twin}",
        "/staff/documents/{paper}/pages",
        "/staff/intakes/{open_intake}/imports",
        "/staff/imports/{import}",
        "/staff/imports/{loaded}/undo",
        "/staff/intakes/{open_intake}/enrolled",
        "/staff/intakes/{open_intake}/invitees",
        "/staff/intakes/{open_intake}/invitees/new",
        "/staff/intakes/{open_intake}/paper",
        "/staff/intakes/{intake}/tray",
        "/staff/tray/{row}",
        "/staff/intakes/{intake}/invitations",
        "/staff/intakes/{intake}/reviews",
        "/staff/intakes/{intake}/ranking",
        "/staff/batches/{batch}",
        "/staff/messages",
        "/staff/questions",
        "/staff/questions/{question}",
        "/staff/questions/answers?state=open",
        "/staff/answers",
        "/staff/answers/{saved_answer}",
        "/staff/troubles",
        "/staff/messages/{message}",
        "/staff/texts",
        "/staff/texts/offer_made/email/fr",
        "/staff/texts/offer_made/sms/ar",
        "/staff/campaigns",
        "/staff/intakes/{intake}/campaigns",
        "/staff/intakes/{intake}/campaigns/new",
        "/staff/campaigns/{campaign}",
        "/staff/campaigns/{campaign}/edit",
        "/staff/campaigns/{campaign}/people",
        "/staff/campaigns/{leaving_campaign}",
    ),
    "programme_administrator": (
        "/staff/organisations/{partner}",
        "/staff/programmes",
        "/staff/programmes/mdia/form",
        "/staff/programmes/mdia/form/add?in=motivation",
        "/staff/programmes/mdia/form/questions/licence",
        "/staff/programmes/mdia/form/questions/transcripts",
        "/staff/programmes/mdia/form/questions/motivation/remove",
        "/staff/programmes/mdia/form/sections/motivation",
        "/staff/programmes/mdia/file",
        "/staff/programmes/mdia/texts",
        "/staff/programmes/mdia/picture",
        "/staff/programmes/mdia/dates",
        "/staff/programmes/mdia/intakes",
        "/staff/programmes/mdia/intakes/new",
        "/staff/programmes/mdia/intakes/2025/archive",
        "/staff/programmes/mdia/partners",
        "/staff/programmes/mdia/stipend",
        "/staff/programmes/mdia/steps",
        "/staff/programmes/mdia/guardians",
        "/staff/programmes/mdia/profile",
        "/staff/programmes/mdia/eligibility",
        "/staff/programmes/mdia/eligibility/add",
        "/staff/programmes/mdia/eligibility/rules/licence",
        "/staff/programmes/mdia/eligibility/try",
        "/staff/programmes/mdia/rubric",
        "/staff/programmes/mdia/rubric/add",
        "/staff/programmes/mdia/rubric/criteria/projet",
        "/staff/intakes/{open_intake}/deadline",
        "/staff/intakes/{open_intake}/late",
        "/staff/campaigns/{campaign}",
        "/staff",
        "/staff/intakes/{intake}",
        "/staff/intakes/{open_intake}",
        "/staff/cohorts/{cohort}",
        "/staff/cohorts/{cohort}/placements",
        "/staff/applications/{application}/company",
        "/staff/applications/{application}/pay",
        "/staff/stipends/{paid_run}",
        "/staff/intakes/{intake}/reports",
        "/staff/reports/{report}",
    ),
    "finance": (
        "/staff/cohorts/{cohort}/stipends",
        "/staff/stipends/{waiting_run}",
        "/staff/stipend-lines/{waiting_line}",
        "/staff/stipends/{paid_run}/list",
    ),
    "group_enroller": (
        "/staff",
        "/staff/intakes/{open_intake}/invitees",
        "/staff/invitees/{invitee}",
    ),
    "observer": ("/staff", "/staff/reports/{report}"),
    "auditor": ("/staff/audit", "/staff/applications/{application}/trail"),
    "system_administrator": (
        "/staff/programmes/begin",
        "/staff/programmes/new",
        "/staff/organisations",
        "/staff/organisations/new",
        "/staff/organisations/{host}",
        "/staff/organisations/{partner}",
    ),
}
# In Arabic whatever the browser asked for: a family reads it aloud or on paper.
FOR_FAMILIES = ("/programmes/mdia/famille",)
# Whole page, scripts, both in bytes as they travel, and requests, at a first visit.
BUDGETS = {"candidate": (50_000, 10_000, 6), "company": (60_000, 10_000, 6), "staff": (150_000, 45_000, 10)}
AUDIENCE = {"": "candidate", "candidate": "candidate", "stranger": "candidate", "company": "company"}


@pytest.mark.parametrize("language", ["fr", "ar"])
@pytest.mark.parametrize("who", SCREENS)
def test_nothing_is_in_the_way(chromium: Browser, place: Lived, who: str, language: str) -> None:
    """Each page as a first visit: what the browser holds is not used."""
    found: list[str] = []
    with visiting(chromium, place.address, place.year, language, 360) as visitor:
        if who:
            visitor.sign_in(who)
        network = visitor.page.context.new_cdp_session(visitor.page)
        network.send("Network.setCacheDisabled", {"cacheDisabled": True})
        answers: list[Response] = []
        visitor.page.on("response", lambda answer: answers.append(answer))
        for path in SCREENS[who]:
            answers.clear()
            visitor.open(path)
            visitor.page.wait_for_load_state()
            asked = [answer.url for answer in answers]
            found += too_heavy(place.weighed.bytes, AUDIENCE.get(who, "staff"), path, asked)
            found += visitor.overflow() + visitor.barriers()
            html = visitor.page.locator("html")
            spoken = "ar" if path in FOR_FAMILIES else language
            expected = (spoken, "rtl" if spoken == "ar" else "ltr")
            assert (html.get_attribute("lang"), html.get_attribute("dir")) == expected, path
            visitor.page.set_viewport_size({"width": 1280, "height": 800})
            found += visitor.overflow()
            visitor.page.set_viewport_size({"width": 360, "height": 800})
    assert not found, "\n".join(found)


@pytest.mark.parametrize("language", ["fr", "ar"])
def test_fourteen_open_programmes_stand_in_1100_pixels_of_a_telephone(
    database: Database, chromium: Browser, live: str, language: str
) -> None:
    with test_context(database.system_app):
        open_programmes()
    with visiting(chromium, live, cast(Year, None), language, 360) as visitor:
        visitor.page.goto("/")
        rows = visitor.page.locator("[aria-labelledby=ouvertes] .programme-row")
        assert rows.count() == 14
        last = rows.last.bounding_box()
        assert last is not None and last["y"] + last["height"] <= 1100, last
        boxes = [row.bounding_box() for row in rows.all()]
        heights = [box["height"] for box in boxes if box]
        assert min(heights) >= 44, "each is tapped"
        visitor.look()
        visitor.page.set_viewport_size({"width": 1280, "height": 800})
        visitor.look()


def too_heavy(weighed: Mapping[str, int], audience: str, path: str, asked: Sequence[str]) -> list[str]:
    """What is over the audience's budget; papers inside a page are the candidate's, not ours."""
    ours = [url for url in asked if url.startswith("http") and "/documents/" not in url]
    sizes = {url: weighed[url] for url in ours}
    code = sum(size for url, size in sizes.items() if urlsplit(url).path.endswith(".js"))
    measured = (sum(sizes.values()), code, len(ours))
    over = any(had > allowed for had, allowed in zip(measured, BUDGETS[audience], strict=True))
    return [f"{path}: {measured} of {BUDGETS[audience]}"] if over else []
