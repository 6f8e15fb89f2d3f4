"""Why something was done: the company's codes, taken by the calls, refused where they do not fit, and counted."""

from __future__ import annotations

import pytest

from scheduler.domain.errors import BadInputs
from scheduler.domain.reasons import DEFAULT_REASONS, Deed
from scheduler.services.company.edit import company_file
from scheduler.services.company.read import checked_company, read_company
from tests.scheduler.api.client import DAYS, Client
from tests.scheduler.kit import COMPANY

WEEK = "from=2026-03-09&to=2026-03-15&zone=Europe/Berlin"
OWN = "\npolicy:\n  reasons:\n    - {code: moved, text: Moved house, for: reschedule}\n    - {code: any, text: Any}\n"


def _own() -> str:
    text = COMPANY.read_text(encoding="utf-8")
    return text.replace("\npolicy:\n", OWN) if "\npolicy:\n" in text else text + OWN


def test_every_deed_has_reasons_to_choose_from() -> None:
    for deed in Deed:
        assert len([r for r in DEFAULT_REASONS if r.fits(deed)]) >= 3, deed
    assert len({r.code for r in DEFAULT_REASONS}) == len(DEFAULT_REASONS)


def test_reasons_are_taken_and_counted(api: Client) -> None:
    first, second = api.loop(), api.loop(stage_visit="b")
    api.ask(
        f"/loops/{first['id']}/replan", "POST", {"reason": "candidate_asked", "note": "On the phone"}, 202
    )
    api.ask(
        f"/loops/{second['id']}/change",
        "POST",
        {"windows": DAYS, "zone": "UTC", "reason": "candidate_asked"},
        202,
    )
    api.ask(f"/loops/{first['id']}/cancel", "POST", {"reason": "position_filled"}, 202)
    api.ask(f"/loops/{second['id']}/cancel", "POST", {}, 202)
    told = [(row["deed"], row["code"], row["count"]) for row in api.ask(f"/reasons/counts?{WEEK}")]
    assert told == [("reschedule", "candidate_asked", 2), ("cancel", "position_filled", 1)]
    assert api.ask(f"/reasons/counts?{WEEK.replace('-03-', '-04-')}") == []
    facts = [f for f in api.ask(f"/loops/{first['id']}/facts") if f["what"] == "reason_given"]
    assert [(f["before"], f["after"], f["data"]) for f in facts] == [
        ("reschedule", "candidate_asked", {"text": "On the phone"}),
        ("cancel", "position_filled", {}),
    ]


@pytest.mark.parametrize(
    ("call", "body", "words"),
    [
        ("cancel", {"reason": "because"}, "reason: no reason 'because'; use one of candidate_asked, "),
        ("cancel", {"reason": "workload"}, "reason: 'workload' is no reason for cancel; use one of "),
        ("replan", {"reason": "position_filled"}, "'position_filled' is no reason for reschedule"),
        ("cancel", {"reason": "position filled"}, "reason: "),
    ],
)
def test_a_reason_that_does_not_fit_is_refused_and_nothing_happens(
    api: Client, call: str, body: dict[str, str], words: str
) -> None:
    loop = api.loop()
    assert words in api.refused(422, f"/loops/{loop['id']}/{call}", "POST", json=body)["detail"]
    assert api.ask(f"/loops/{loop['id']}") == loop


def test_a_company_has_codes_of_its_own(api: Client) -> None:
    assert [r["code"] for r in api.ask("/reasons")] == [r.code for r in DEFAULT_REASONS]
    with api.kit.app.db.write() as tx:
        tx.company.replace(read_company(_own(), "yaml", "company.yaml"), api.kit.clock())
    assert [r["code"] for r in api.ask("/reasons?deed=cancel")] == ["any"]
    assert api.ask("/reasons?deed=reschedule")[0] == {
        "code": "moved",
        "text": "Moved house",
        "deeds": ["reschedule"],
    }
    loop = api.loop()
    assert (
        "use one of any"
        in api.refused(422, f"/loops/{loop['id']}/cancel", "POST", json={"reason": "moved"})["detail"]
    )
    with api.kit.app.db.read() as tx:
        again = checked_company(company_file(tx))
        assert again.policy.reasons == tx.company.policy().reasons


def test_a_code_is_given_once() -> None:
    with pytest.raises(
        BadInputs, match=r"policy\.reasons\[1\]\.code: 'moved' is already policy\.reasons\[0\]"
    ):
        read_company(_own().replace("code: any", "code: moved"), "yaml", "company.yaml")
    with pytest.raises(BadInputs, match=r"policy\.reasons\[0\]\.for"):
        read_company(_own().replace("for: reschedule", "for: reshedule"), "yaml", "company.yaml")
