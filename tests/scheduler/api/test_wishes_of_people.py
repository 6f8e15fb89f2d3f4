"""How a company file says when people pause, and what they would rather not do."""

from __future__ import annotations

import pytest

from scheduler.domain.errors import BadInputs
from scheduler.services.company.edit import company_file
from scheduler.services.company.read import checked_company, read_company
from tests.scheduler.api.client import Client
from tests.scheduler.kit import COMPANY, Kit

FIRST = "people:\n"


def _text(line: str) -> str:
    """The company with one more person, who has wishes."""
    person = f"  - {{id: wim, name: Wim Wunsch, email: wim@testwerk.example, site: berlin, {line}}}\n"
    text = COMPANY.read_text(encoding="utf-8")
    assert FIRST in text
    return text.replace(FIRST, FIRST + person, 1)


def test_wishes_are_read_and_written_back(kit: Kit) -> None:
    line = "pauses: [2026-12-24, 2026-07-01/2026-07-14], avoid: 'fri 14:00-18:00', rather_not: [presentation, talk]"
    company = read_company(_text(line), "yaml", "company.yaml")
    wim = next(p for p in company.people if p.id == "wim")
    assert wim.pauses == {"2026-12-24", "2026-07-01/2026-07-14"}
    assert [(h.weekday, h.start.hour, h.end.hour) for h in wim.avoid] == [(4, 14, 18)]
    assert wim.rather_not == {"presentation", "talk"}
    with kit.app.db.write() as tx:
        tx.company.replace(company, kit.clock())
    with kit.app.db.read() as tx:
        assert tx.people.get("wim") == wim
        again = checked_company(company_file(tx))
    assert next(p for p in again.people if p.id == "wim") == wim


def test_the_api_takes_them_and_tells_them(api: Client) -> None:
    entry = {"name": "Olga Orlow", "email": "olga@testwerk.example", "site": "berlin"}
    told = api.ask("/people/olga", "PUT", {**entry, "pauses": ["2026-03-11"], "avoid": ["mon 09:00-10:00"]})
    assert (told["pauses"], told["avoid"], told["rather_not"]) == (["2026-03-11"], ["mon 09:00-10:00"], [])
    assert api.ask("/people/olga") == told


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("pauses: 2026-07-14/2026-07-01", "ends before it begins; swap its ends"),
        ("pauses: 12-24", "'12-24' is no pause; write it as 2026-12-24"),
        ("pauses: 2026-02-30", "is not a date"),
        ("pauses: 2026-07-01/2026-07-02/2026-07-03", "is no pause"),
        ("avoid: friday", "is not"),
        ("avoid: ['fri 09:00-12:00', 'fri 11:00-13:00']", "overlap"),
    ],
)
def test_what_is_no_wish_is_refused(line: str, words: str) -> None:
    with pytest.raises(BadInputs) as refused:
        read_company(_text(line), "yaml", "company.yaml")
    assert words in str(refused.value)
