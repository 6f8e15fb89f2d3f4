"""Forms carry a proof that a page made them for this session; without it nothing is done."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from scheduler.api.gate import visits
from scheduler.web.main import GUESTS, Console
from tests.scheduler.kit import Kit, make
from tests.scheduler.web.plain import Plain
from tests.scheduler.web.test_refusals import SAME

WEB = Path(__file__).parents[3] / "scheduler" / "web"
PROOF = re.compile(r'name="proof" value="([0-9a-f.]+)"')


@pytest.fixture
def kit(tmp_path: Path) -> Kit:
    return make(tmp_path)


def come_in(kit: Kit) -> Plain:
    site = Plain(kit, signed_in=False)
    assert site.get(visits.invite(site.app.state.settings, "")).status_code == 303  # type: ignore[attr-defined]
    return site


def proof_of(site: Plain) -> str:
    return PROOF.findall(site.get("/you").text)[0]


def test_a_form_without_its_proof_does_nothing(kit: Kit) -> None:
    mine, other = come_in(kit), come_in(kit)
    good, theirs = proof_of(mine), proof_of(other)
    for wrong in ("", "x", good[:-1], good.replace(".", ""), theirs, ".", "ä", "." + good.partition(".")[2]):
        answer = mine.form("/you", {"language": "de", "proof": wrong}, headers=SAME)
        assert answer.status_code == 403 and "form is of another session" in answer.text, wrong
    twice = [("language", "de"), ("proof", good), ("proof", good)]
    assert mine.form("/you", twice, headers=SAME).status_code == 403
    assert mine.form("/you", {"language": "de", "proof": good}, headers=SAME).status_code == 303
    assert mine.form("/you", {"language": "de", "proof": good}, headers=SAME).status_code == 303, (
        "not once only"
    )


def test_every_address_that_takes_a_form_wants_one(kit: Kit) -> None:
    site, asked = come_in(kit), 0
    for route in Console().router.routes:
        path = re.sub(r"{\w+}", "x", route.path)  # type: ignore[attr-defined]
        for method in route.methods - {"GET", "HEAD"}:  # type: ignore[attr-defined]
            asked += 1
            assert site.request(method, path, headers=SAME, content="").status_code == 403, path
    assert asked > 25


def test_every_form_of_the_console_holds_one_and_no_form_of_a_guest() -> None:
    forms = 0
    for page in sorted(WEB.rglob("*.html")):
        text = page.read_text()
        # the rest of each form that posts, from its method to the end of the line
        found = re.findall(r'method="post"((?:(?!method="post").)*)', text)
        guests = page.parent.name in ("candidate", "interviewer", "guest")
        first = [rest.partition("{{ proof }}")[0] for rest in found]
        assert text.count("{{ proof }}") == (0 if guests else len(found)), page
        assert guests or all(
            "<" not in between and rest != between for rest, between in zip(found, first, strict=True)
        ), page
        forms += len(found)
    assert forms > 40 and len(GUESTS) == 7


def test_each_page_has_another_one(kit: Kit) -> None:
    site = come_in(kit)
    found = PROOF.findall(site.get("/you").text) + PROOF.findall(site.get("/you").text)
    assert len(set(found)) >= 2
    secret = next(iter(site.cookies.values()))
    assert secret not in site.get("/you").text
