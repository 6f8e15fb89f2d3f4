"""Addresses and the files of their calendars: one to one, and never outside the folder."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.local import LocalCalendar
from connectors.local.names import address_of, file_name, normal
from connectors.types import Known, Unknown
from tests.connectors.local.reading import OWNER, calendar, window


def look(folder: Path, address: str) -> Known | Unknown:
    (found,) = LocalCalendar(folder).availability([address], window("2026-10-19", "2026-11-02")).values()
    return found


ADDRESSES = [
    "../../etc/passwd", "..", ".", "/etc/passwd", "a/b@x.example", "a\\b@x.example", ".hidden@x.example", "nul\x00@x.example",
    "new\nline@x.example", "%2e%2e/@x.example", "a%@x.example", "ümlaut@x.example", "面接@x.example", "~root@x.example",
    "lock", ".loopwright", "a b@x.example", "\ud800@x.example", "x" * 200 + "@x.example",
]  # fmt: skip


@pytest.mark.parametrize("address", ADDRESSES)
def test_no_address_leaves_the_folder(tmp_path: Path, address: str) -> None:
    name = file_name(address)
    assert name is not None
    assert (tmp_path / name).parent == tmp_path
    assert not name.startswith(".")
    assert not set(name) & set("/\\\x00\n~ ")
    found = look(tmp_path, address)
    assert isinstance(found, Unknown)
    assert found.code == "not_found"


@pytest.mark.parametrize("address", ["", " ", "x" * 500, "ü" * 100 + "@x.example"])
def test_what_no_file_can_hold(tmp_path: Path, address: str) -> None:
    assert file_name(address) is None
    found = look(tmp_path, address)
    assert isinstance(found, Unknown)
    assert found.code == "not_found"


@given(st.text(min_size=1, max_size=60))
def test_names_and_addresses_are_one_to_one(address: str) -> None:
    name = file_name(address)
    if name is not None:
        assert address_of(name) == normal(address.encode("utf-8", "replace").decode())


@given(st.text(min_size=1, max_size=30), st.text(min_size=1, max_size=30))
def test_two_addresses_never_share_a_file(one: str, two: str) -> None:
    if file_name(one) is not None and normal(one) != normal(two):
        assert file_name(one) != file_name(two)


def test_a_file_somebody_named_with_capitals(tmp_path: Path) -> None:
    text = calendar("UID:1\nDTSTART:20261020T090000Z\nDTEND:20261020T100000Z")
    (tmp_path / "Ada@Acme.Example.ics").write_text(text)
    assert isinstance(look(tmp_path, OWNER), Known)
    (tmp_path / "ADA@acme.example.ics").write_text(text)
    found = look(tmp_path, OWNER)
    assert isinstance(found, Unknown)
    assert "both the calendar of one address" in found.reason
