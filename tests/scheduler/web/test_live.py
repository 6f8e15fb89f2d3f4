"""A page is told that something has happened, and looks again: focus stays, and what somebody types is not taken."""

from __future__ import annotations

from playwright.sync_api import expect

from scheduler.domain.loops import BookMode
from scheduler.web.frame.live import newest_of
from tests.scheduler.kit import Kit
from tests.scheduler.web.plain import Plain
from tests.scheduler.web.site import Site
from tests.stories.kit import ask


def test_what_comes_is_shown_by_itself_and_the_focus_stays(site: Site, kit: Kit) -> None:
    first = ask(kit, "short", BookMode.PROPOSE, windows=())
    page = site.page("/loops")
    expect(page.locator("tbody tr")).to_have_count(1)
    page.get_by_role("link", name="Mara Lind").focus()
    ask(kit, "short", BookMode.PROPOSE, stage_visit="two")
    expect(page.locator("tbody tr")).to_have_count(2)
    assert page.evaluate("document.activeElement.closest('tr').id") == f"row-{first.id}"


def test_whoever_is_typing_is_only_told(site: Site, kit: Kit) -> None:
    loop = ask(kit, "short", BookMode.PROPOSE)
    page = site.page(f"/loops/{loop.id}")
    page.get_by_text("Cancel the loop …").click()
    page.get_by_label("Message to the candidate").fill("The position")
    with kit.app.db.write() as tx:
        tx.loops.assign(loop.id, "hana", "person:rolf", kit.clock())
    expect(page.get_by_text("Something has changed here.")).to_be_visible()
    expect(page.get_by_label("Message to the candidate")).to_have_value("The position")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_text("Given to Hana Maier")).to_be_visible()


def test_only_so_many_listen(kit: Kit) -> None:
    site = Plain(kit)
    site.app.state.listening.most = 0  # type: ignore[attr-defined]
    assert site.get("/live?after=0").status_code == 503


def test_the_newest_fact_is_counted_for_a_loop_and_for_all(kit: Kit) -> None:
    assert newest_of(kit.app) == 0
    one, other = ask(kit, "short"), ask(kit, "short", BookMode.PROPOSE, windows=(), stage_visit="two")
    assert 0 < newest_of(kit.app, one.id) < newest_of(kit.app, other.id) == newest_of(kit.app)
    assert newest_of(kit.app, "lp_none") == 0
