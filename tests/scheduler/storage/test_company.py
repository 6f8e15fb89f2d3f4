"""The company file as loaded, and loaded again when it names others."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, time

import pytest

from scheduler.domain.errors import BadInput, Missing
from scheduler.domain.people import Pool, Standing
from scheduler.domain.policy import Policy, StageRule
from scheduler.storage import Database
from tests.scheduler.storage.samples import NOW, account, company, minutes, person, room, site, template


def test_before_a_file_is_loaded_there_is_no_company(database: Database) -> None:
    with database.read() as tx:
        assert tx.company.loaded_at() is None
        for question in (tx.company.name, tx.company.organizer, tx.company.policy):
            with pytest.raises(Missing, match="no company"):
                question()


def test_a_loaded_company_comes_back_equal(database: Database) -> None:
    policy = Policy(stages=(StageRule("onsite", "onsite", job="j"),), solve_seconds=0.5, prices={"a": 1})
    loaded = company(
        sites=(site(holidays=frozenset({date(2026, 12, 24)}), country="DE-BE", address="Road 1"),),
        people=(person("anna", level="senior"), person("bob", lunch=None, skills=frozenset())),
        policy=policy,
    )
    with database.write() as tx:
        tx.company.replace(loaded, NOW)
    with database.read() as tx:
        assert tx.company.name() == "Example"
        assert tx.company.organizer() == account("interviews")
        assert tx.company.policy() == policy
        assert tx.company.loaded_at() == NOW
        assert tuple(tx.sites.list()) == loaded.sites
        assert tuple(tx.people.list()) == loaded.people
        assert tuple(tx.pools.list()) == loaded.pools
        assert tuple(tx.rooms.list()) == loaded.rooms
        assert tuple(tx.templates.list()) == loaded.templates


def test_what_a_new_file_leaves_out_becomes_inactive_and_is_kept(database: Database) -> None:
    with database.write() as tx:
        tx.company.replace(company(), NOW)
        fewer = company(
            people=(person("bob"), person("cleo", lunch=(time(13), time(14)))),
            pools=(Pool("data", "Data", {"cleo": Standing.QUALIFIED}),),
            rooms=(room("elm"),),
            sites=(site("london"),),
            templates=(template("short"),),
        )
        tx.company.replace(fewer, minutes(5))
    with database.read() as tx:
        assert tx.company.loaded_at() == minutes(5)
        assert [p.id for p in tx.people.list()] == ["bob", "cleo"]
        assert [(p.id, p.active) for p in tx.people.list(active=False)] == [
            ("anna", False),
            ("bob", True),
            ("cleo", True),
        ]
        anna = tx.people.get("anna")
        assert anna == replace(person("anna"), active=False)
        assert tx.people.by_email("anna@example.org") is None
        assert [p.id for p in tx.pools.list()] == ["data"]
        assert [p.id for p in tx.pools.list(active=False)] == ["backend", "data"]
        assert [r.id for r in tx.rooms.list()] == ["elm"]
        assert [r.id for r in tx.rooms.list(["oak"], active=False)] == ["oak"]
        assert [s.id for s in tx.sites.list()] == ["london"]
        assert tx.templates.get("onsite") is None
        assert tx.templates.get("onsite", active=False) == template("onsite")


def test_whoever_comes_back_is_active_again(database: Database) -> None:
    with database.write() as tx:
        for loaded in (company(), company(people=(person("bob"),), pools=()), company()):
            tx.company.replace(loaded, NOW)
        assert [p.id for p in tx.people.list()] == ["anna", "bob"]
        assert [p.id for p in tx.pools.list()] == ["backend"]


def test_somebody_may_be_inactive_by_the_file(database: Database) -> None:
    with database.write() as tx:
        tx.company.replace(company(people=(person("anna", active=False), person("bob")), pools=()), NOW)
        assert [p.id for p in tx.people.list()] == ["bob"]


def test_addresses_may_change_hands(database: Database) -> None:
    with database.write() as tx:
        tx.company.replace(company(), NOW)
        swapped = (person("anna", email="bob@example.org"), person("bob", email="anna@example.org"))
        tx.company.replace(company(people=swapped), NOW)
        for people in ((person("anna"), person("bob")), swapped):
            tx.people.put_all(people)
        assert [p.email for p in tx.people.list()] == ["bob@example.org", "anna@example.org"]


def test_two_people_cannot_share_an_address(database: Database) -> None:
    twice = company(people=(person("anna"), person("bob", email="ANNA@example.ORG ")))
    with pytest.raises(BadInput, match=r"people\.bob\.email: .* is anna's"), database.write() as tx:
        tx.company.replace(twice, NOW)
    with database.write() as tx:
        tx.company.replace(company(), NOW)
    with pytest.raises(BadInput, match=r"people\.cleo\.email"), database.write() as tx:
        tx.people.put(person("cleo", email="bob@example.org"))
    with database.write() as tx:
        tx.people.put(person("cleo", email="bob@example.org", active=False))


def test_people_are_found_by_address_in_any_case(database: Database) -> None:
    with database.write() as tx:
        tx.company.replace(company(), NOW)
        tx.people.put(person("öz", email="Özil@Example.org"))
    with database.read() as tx:
        assert [
            getattr(tx.people.by_email(e), "id", None) for e in (" ANNA@EXAMPLE.ORG", "öZIL@example.org")
        ] == [
            "anna",
            "öz",
        ]
        assert tx.people.by_email("nobody@example.org") is None
        assert tx.people.get("nobody") is None


def test_people_are_found_by_many_addresses_at_once(database: Database) -> None:
    with database.write() as tx:
        tx.company.replace(company(), NOW)
        tx.people.put(person("gone", email="cleo@example.org", active=False))
        tx.people.put(person("early", email="bob@example.org", active=False))
        tx.people.put(person("zoe", email="bob@example.org", active=False))
    with database.read() as tx:
        found = tx.people.by_emails(
            [" ANNA@example.org", "bob@example.org", "Cleo@example.org", "x@example.org"]
        )
        assert {email: p.id for email, p in found.items()} == {
            "anna@example.org": "anna",
            "bob@example.org": "bob",
            "cleo@example.org": "gone",
        }
        many = [f"nobody{n}@example.org" for n in range(2500)]
        assert tx.people.by_emails([*many, "bob@example.org"]).keys() == {"bob@example.org"}
        assert tx.people.by_emails([]) == {}


def test_a_pool_names_only_people_that_are_known(database: Database) -> None:
    stranger = company(pools=(Pool("backend", "Backend", {"zoe": Standing.QUALIFIED}),))
    with (
        pytest.raises(BadInput, match=r"pools\.backend\.members: nobody is called 'zoe'"),
        database.write() as tx,
    ):
        tx.company.replace(stranger, NOW)
    with database.read() as tx:
        assert tx.people.list() == []


def test_a_pool_that_is_put_again_has_its_new_members_only(database: Database) -> None:
    with database.write() as tx:
        tx.company.replace(company(), NOW)
        tx.pools.put(Pool("backend", "Servers", {"bob": Standing.QUALIFIED}))
        tx.pools.put(Pool("empty", "Empty"))
        assert tx.pools.list() == [
            Pool("backend", "Servers", {"bob": Standing.QUALIFIED}),
            Pool("empty", "Empty"),
        ]
        assert tx.pools.list(["empty", "nothing"]) == [Pool("empty", "Empty")]
        assert tx.pools.list([]) == []


def test_lists_come_by_id_on_every_database(database: Database) -> None:
    ids = ["B", "a", "a-b", "aa", "b", "ä"]
    with database.write() as tx:
        tx.people.put_all([person(id, email=f"{n}@example.org") for n, id in enumerate(reversed(ids))])
        assert [p.id for p in tx.people.list()] == ids
