"""Files and addresses that mean harm, or are merely broken: unknown with a reason, never a crash or a guess."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.errors import Forbidden, Invalid, NotFound, Transient
from connectors.local import LocalCalendar, store
from connectors.local.busy import Agenda
from connectors.local.folder import create_calendar
from connectors.types import Known, Unknown, Window
from tests.connectors.conformance_kit import make
from tests.connectors.harness import ZONE
from tests.connectors.local_harness import ORGANIZER, PEOPLE, LocalHarness

WINDOW = Window(datetime(2026, 10, 19, tzinfo=UTC), datetime(2026, 11, 2, tzinfo=UTC))
OWNER = "ada@acme.example"
EVENT = "BEGIN:VEVENT\nUID:1\nDTSTART:20261020T090000Z\nDTEND:20261020T100000Z\nEND:VEVENT\n"


def wrap(*parts: str) -> str:
    return "BEGIN:VCALENDAR\nX-WR-TIMEZONE:UTC\n" + "".join(parts) + "END:VCALENDAR\n"


def look(folder: Path, data: bytes | str | None = None) -> Known | Unknown:
    if data is not None:
        (folder / f"{OWNER}.ics").write_bytes(data.encode() if isinstance(data, str) else data)
    found = LocalCalendar(folder).availability([OWNER], WINDOW)[OWNER]
    assert isinstance(found, Known) or "our reader" not in found.reason
    return found


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "the file is empty"),
        (b" \r\n\r\n", "the file is empty"),
        (b"\x00" * 100, "line 1 holds a NUL byte"),
        (wrap(EVENT).encode().replace(b"UID:1", b"UID:\x001"), "line 4 holds a NUL byte"),
        (wrap(EVENT).encode("utf-16"), "NUL byte"),
        (b"GIF89a\x01\x02", "line 1 is not iCalendar"),
        (b"root:x:0:0:root:/root:/bin/bash\n", "line 1 is not iCalendar"),
        (b"<html><body>Sign in</body></html>", "line 1 is not iCalendar"),
        (b"BEGIN:VCARD\nEND:VCARD\n", "line 1 begins a VCARD"),
        (b"BEGIN:VEVENT\nEND:VEVENT\n", "line 1 begins a VEVENT outside"),
        (wrap(EVENT).encode()[:-20], "damaged"),
        (wrap(EVENT).encode()[:-30], "cut off"),
        (wrap(EVENT).encode()[:60], "cut off"),
        (wrap("END:VEVENT\n").encode(), "line 3 ends a VEVENT"),
        (wrap("BEGIN:VEVENT\nBEGIN:VALARM\nEND:VEVENT\n").encode(), "line 5 ends a VEVENT inside the VALARM of line 4"),
        (wrap(*["BEGIN:X\n"] * 50).encode(), "nested more than"),
        (wrap("BEGIN:VEVENT\nUID:1\nEND:VEVENT\n").encode(), "VEVENT of line 3 has no DTSTART"),
        (wrap(EVENT.replace("20261020T090000Z", "tomorrow")).encode(), "line 5: DTSTART is not a date"),
        (wrap(EVENT.replace("20261020T090000Z", "20261320T090000Z")).encode(), "line 5: DTSTART is not a date"),
        (wrap(EVENT.replace("20261020T090000Z", "20260230")).encode(), "line 5: DTSTART is not a date"),
        (wrap(EVENT.replace("T100000Z", "T080000Z")).encode(), "line 6: DTEND is not after the start"),
        (wrap(EVENT.replace("DTEND:20261020T100000Z", "DURATION:1 hour")).encode(), "line 6: DURATION is not"),
        (wrap(EVENT.replace("20261020T090000Z", "99991231T235959Z")).encode(), "line 5: DTSTART is not in a year"),
        (wrap("BEGIN:VFREEBUSY\nFREEBUSY:now\nEND:VFREEBUSY\n").encode(), "line 4: FREEBUSY is not"),
    ],
)  # fmt: skip
def test_what_is_not_a_calendar_is_unknown_and_says_where(tmp_path: Path, data: bytes, says: str) -> None:
    found = look(tmp_path, data)
    assert isinstance(found, Unknown)
    assert found.code == "unreadable"
    assert found.reason.startswith(f"{OWNER}.ics: ")
    assert says in found.reason
    assert "\n" not in found.reason
    assert "root:x" not in found.reason


@pytest.mark.parametrize(
    "data",
    [
        wrap(EVENT).encode().replace(b"\n", b"\r\n"),
        b"\xef\xbb\xbf" + wrap(EVENT).encode(),
        wrap(EVENT).encode().replace(b"DTSTART", b"DTST\n ART"),
        wrap(EVENT).lower().replace("begin:vevent", "begin:vevent\nsummary:x\x1c\x0b\x85\u2028end:vevent").encode(),
        wrap(EVENT.replace("UID:1", "UID:1\nDESCRIPTION:a raw\nline break without a colon\n\n")).encode(),
        wrap(EVENT).encode() + wrap().encode(),
        wrap(EVENT).encode().rstrip(),
        wrap("BEGIN:VTODO\nDUE:nonsense\nEND:VTODO\n", EVENT).encode(),
    ],
    ids=["crlf", "bom", "folded name", "line breaks that are none", "sloppy", "two calendars", "no last break", "to-do"],
)  # fmt: skip
def test_what_is_odd_but_clear_is_read(tmp_path: Path, data: bytes) -> None:
    found = look(tmp_path, data)
    assert isinstance(found, Known), found
    assert [(b.start.hour, b.end.hour) for b in found.busy] == [(9, 10)]


RULES = [
    "FREQ=SECONDLY", "FREQ=MINUTELY", "FREQ=HOURLY;INTERVAL=1", "FREQ=SECONDLY;COUNT=999999999",
    "FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30", "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", "FREQ=DAILY;BYSETPOS=366",
    "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "FREQ=DAILY;BYHOUR=0,1,2,3,4,5,6,7,8,9;BYMINUTE=0,1,2,3,4,5,6,7,8,9",
    "FREQ=HOURLY;BYYEARDAY=366", "FREQ=DAILY;INTERVAL=0", "FREQ=DAILY;INTERVAL=-1", "FREQ=FORTNIGHTLY", "BYDAY=MO",
    "FREQ=WEEKLY;BYDAY=XX", "FREQ=DAILY;UNTIL=never", "FREQ=DAILY;COUNT=many", "FREQ=YEARLY;BYMONTH=13",
    "FREQ=MONTHLY;BYMONTHDAY=0", "FREQ=YEARLY;BYSETPOS=9999;BYDAY=MO", "FREQ=DAILY;UNTIL=20261231T000000X",
]  # fmt: skip


@pytest.mark.timeout(60)  # of the dozens of years that some of them would take
@pytest.mark.parametrize("rule", RULES)
def test_a_rule_that_never_ends_or_makes_no_sense_is_refused_at_once(tmp_path: Path, rule: str) -> None:
    event = EVENT.replace("20261020T", "19990101T").replace("UID:1", f"UID:1\nRRULE:{rule}")
    found = look(tmp_path, wrap(event))
    assert isinstance(found, Unknown)
    assert found.code == "unreadable"
    assert "line" in found.reason


@pytest.mark.timeout(60)
def test_many_expensive_rules_have_one_budget(tmp_path: Path) -> None:
    expensive = EVENT.replace("20261020T", "18000101T").replace(
        "UID:1", "UID:{0}\nRRULE:FREQ=MONTHLY;INTERVAL=7;BYDAY=5MO;BYMONTH=2;BYMONTHDAY=1"
    )
    found = look(tmp_path, wrap(*[expensive.format(n) for n in range(400)]))
    assert isinstance(found, Unknown)
    assert "too long to expand" in found.reason


@given(st.dictionaries(
    st.sampled_from(["INTERVAL", "COUNT", "UNTIL", "BYDAY", "BYMONTH", "BYMONTHDAY", "BYSETPOS", "BYHOUR", "WKST", "BYYEARDAY"]),
    st.sampled_from(["0", "1", "2", "7", "30", "-1", "366", "MO", "SU,TU", "-5FR", "x", "20261025", "20270101T000000Z"]),
    max_size=4,
), st.sampled_from(["DAILY", "WEEKLY", "MONTHLY", "YEARLY", "HOURLY", "MINUTELY"]))  # fmt: skip
@settings(max_examples=60)
def test_no_rule_hangs_or_crashes(
    tmp_path_factory: pytest.TempPathFactory, parts: dict[str, str], frequency: str
) -> None:
    rule = ";".join([f"FREQ={frequency}", *(f"{name}={value}" for name, value in parts.items())])
    found = look(tmp_path_factory.mktemp("c"), wrap(EVENT.replace("UID:1", f"UID:1\nRRULE:{rule}")))
    assert isinstance(found, Known) or found.code == "unreadable"


@given(st.binary(max_size=300))
@settings(max_examples=100)
def test_no_bytes_crash_it(tmp_path_factory: pytest.TempPathFactory, noise: bytes) -> None:
    folder = tmp_path_factory.mktemp("c")
    assert isinstance(look(folder, noise), Unknown)
    text = wrap(EVENT).encode()
    for at in (20, 60, len(text) - 5):
        look(folder, text[:at] + noise + text[at:])


VALUES = [
    "", ":", "x", "0", "-1", "00010101", "00010101T000000", "99991231T235959", "20261020", "20261020T090000", "20261025T023000",
    "20261020T090000Z", "20261020T090000Z/PT1H", "20261020T090000/P99999W", "P1D", "-P1D", "PT0S", "P99999W", "PT", "FREQ=DAILY",
    "FREQ=DAILY;UNTIL=00010101", "FREQ=WEEKLY;UNTIL=99991231", "FREQ=YEARLY;COUNT=3", "20261020T090000Z,20261021", "VEVENT", "VALARM",
]  # fmt: skip
NAMES = [
    "DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXDATE", "RECURRENCE-ID", "SEQUENCE", "FREEBUSY", "ATTENDEE", "STATUS",
    "UID", "X-LOOPWRIGHT-KEY", "ORGANIZER",
]  # fmt: skip
PARAMETERS = [
    "",
    ";TZID=America/New_York",
    ";TZID=Asia/Kolkata",
    ";VALUE=DATE",
    ";VALUE=PERIOD",
    ";RANGE=THISANDFUTURE",
]


@given(
    st.lists(
        st.lists(
            st.tuples(st.sampled_from(NAMES), st.sampled_from(PARAMETERS), st.sampled_from(VALUES)),
            max_size=6,
        ),
        min_size=1,
        max_size=3,
    ),
    st.sampled_from(["VEVENT", "VFREEBUSY"]),
    st.sampled_from(["UTC", "Pacific/Kiritimati", "America/Adak"]),
)
@settings(max_examples=300)
def test_no_mixture_of_lines_crashes_it(
    tmp_path_factory: pytest.TempPathFactory,
    components: list[list[tuple[str, str, str]]],
    kind: str,
    zone: str,
) -> None:
    begun = ["UID:1", "DTSTART:20261020T090000Z", "DTEND:20261020T100000Z"]
    text = "".join(
        "\n".join(
            [f"BEGIN:{kind}", *begun[: len(lines) % 4], *("".join((n, p, ":", v)) for n, p, v in lines)]
        )
        + f"\nEND:{kind}\n"
        for lines in components
    )
    found = look(tmp_path_factory.getbasetemp(), wrap(text).replace("TIMEZONE:UTC", f"TIMEZONE:{zone}"))
    assert isinstance(found, Known) or found.code in ("unreadable", "unknown_zone")


class TestSize:
    def test_a_huge_file_is_not_read(self, tmp_path: Path) -> None:
        path = tmp_path / f"{OWNER}.ics"
        with path.open("wb") as file:
            file.truncate(1_000_000_000)  # sparse
        found = look(tmp_path)
        assert isinstance(found, Unknown)
        assert "larger than 16 MB" in found.reason

    @pytest.mark.timeout(60)
    def test_a_long_folded_attachment_is_read_once(self, tmp_path: Path) -> None:
        attachment = "ATTACH;ENCODING=BASE64:\n" + (" " + "A" * 73 + "\n") * 120_000
        found = look(tmp_path, wrap(EVENT.replace("UID:1\n", "UID:1\n" + attachment)))
        assert isinstance(found, Known)

    @pytest.mark.timeout(60)
    def test_endless_parameters_and_quotes_do_not_hang(self, tmp_path: Path) -> None:
        evil = 'ATTENDEE;X="' + 'a",b;"' * 100_000 + "\nATTENDEE" + ";A=1" * 100_000 + ":mailto:x@y.example\n"
        found = look(tmp_path, wrap(EVENT.replace("UID:1\n", "UID:1\n" + evil)))
        assert isinstance(found, Known)


class TestWhatIsNoPlainFile:
    def test_a_link_is_not_followed_nor_written_through(self, tmp_path: Path) -> None:
        secret = tmp_path / "secret.txt"
        secret.write_text(wrap(EVENT))
        folder = tmp_path / "calendars"
        folder.mkdir()
        (folder / f"{OWNER}.ics").symlink_to(secret)
        found = look(folder)
        assert isinstance(found, Unknown)
        assert "is a link" in found.reason
        (folder / f"{OWNER}.ics").unlink()
        (folder / f"{OWNER}.ics").symlink_to(tmp_path / "nowhere")
        assert isinstance(look(folder), Unknown)

    def test_a_folder_a_pipe_and_a_device(self, tmp_path: Path) -> None:
        path = tmp_path / f"{OWNER}.ics"
        path.mkdir()
        assert "not a plain file" in str(look(tmp_path))
        path.rmdir()
        os.mkfifo(path)
        assert "not a plain file" in str(look(tmp_path))  # and does not wait for a writer

    def test_no_permission(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Root may read everything, so the refusal of the operating system is played."""
        (tmp_path / f"{OWNER}.ics").write_text(wrap(EVENT))

        def refuse(path: object, flags: int, *rest: object) -> int:
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr(store.os, "open", refuse)
        found = look(tmp_path)
        assert found == Unknown("unreadable", f"{OWNER}.ics: Permission denied")


class TestWriting:
    @pytest.fixture
    def harness(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LocalHarness:
        return LocalHarness(tmp_path / "calendars", monkeypatch)

    @pytest.mark.parametrize(
        ("number", "error"), [(28, Transient), (5, Transient), (30, Forbidden), (13, Forbidden)]
    )
    def test_a_write_that_fails_leaves_everything_as_it_was(
        self, harness: LocalHarness, monkeypatch: pytest.MonkeyPatch, number: int, error: type[Exception]
    ) -> None:
        before = {path.name: path.read_bytes() for path in harness.folder.glob("*.ics")}

        def fail(temporary: Path, path: Path) -> None:
            raise OSError(number, os.strerror(number))

        monkeypatch.setattr(store, "replace", fail)
        with pytest.raises(error, match=ORGANIZER):
            harness.calendar.book(ORGANIZER, make(harness))
        assert {path.name: path.read_bytes() for path in harness.folder.glob("*.ics")} == before
        assert list(harness.folder.glob(".loopwright-*")) == []

    def test_file_modes_are_kept(self, harness: LocalHarness) -> None:
        harness.path(PEOPLE[0]).chmod(0o644)
        harness.calendar.book(ORGANIZER, make(harness))
        assert stat.S_IMODE(harness.path(PEOPLE[0]).stat().st_mode) == 0o644

    def test_what_is_made_is_for_this_user_only(self, harness: LocalHarness) -> None:
        harness.calendar.book(ORGANIZER, make(harness))
        state = harness.folder / store.STATE
        made = [harness.path(address) for address in (ORGANIZER, *PEOPLE)] + [state, *state.iterdir()]
        assert len(made) == 1 + len(PEOPLE) + 3, "calendars, and the folder with the lock and a journal"
        modes = {path.name: oct(stat.S_IMODE(path.stat().st_mode)) for path in made}
        assert {name: mode for name, mode in modes.items() if int(mode, 8) & 0o077} == {}

    def test_a_program_that_saves_at_the_same_moment_loses_nothing(
        self, harness: LocalHarness, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Between our reading and our writing somebody saves a foreign event, three times in a row."""
        path, real, left = harness.path(PEOPLE[0]), store.Folder._write_aside, [3]

        def meanwhile(temporary: Path, data: Sequence[bytes], mode: int) -> None:
            real(temporary, data, mode)
            if b"X-LOOPWRIGHT-CONTENT" in b"".join(data) and left[0]:
                left[0] -= 1
                event = EVENT.replace("UID:1", f"UID:saved-{left[0]}").replace("\n", "\r\n")
                text = path.read_bytes().decode()
                path.write_bytes(text.replace("END:VCALENDAR", event + "END:VCALENDAR").encode())

        monkeypatch.setattr(store.Folder, "_write_aside", staticmethod(meanwhile))
        booked = harness.calendar.book(ORGANIZER, make(harness))
        text = path.read_text()
        assert left == [0]
        assert all(f"UID:saved-{n}" in text for n in range(3)) or text.count("UID:saved-") == 3
        assert text.count(f"UID:{booked.ref.id}") == 1

    def test_a_lock_that_is_never_given_back(self, harness: LocalHarness) -> None:
        calendar = LocalCalendar(harness.folder, zone=ZONE, lock_seconds=0.2)
        with (
            store.Folder(harness.folder, 1_000_000, 1.0).locked(),
            pytest.raises(Transient, match="lock"),
        ):
            calendar.book(ORGANIZER, make(harness))
        calendar.book(ORGANIZER, make(harness))

    def test_availability_waits_for_nobody(self, harness: LocalHarness) -> None:
        with store.Folder(harness.folder, 1_000_000, 1.0).locked():
            assert isinstance(harness.calendar.availability([PEOPLE[0]], WINDOW)[PEOPLE[0]], Known)


def test_a_mistake_of_ours_costs_one_person_not_everybody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for address in (OWNER, "ben@acme.example"):
        create_calendar(tmp_path, address, "X", ZONE)
    real = Agenda.within

    def wrong(self: Agenda, window: Window) -> object:
        if self._owner == OWNER:
            raise KeyError("secret title")
        return real(self, window)

    monkeypatch.setattr(Agenda, "within", wrong)
    found = LocalCalendar(tmp_path).availability([OWNER, "ben@acme.example"], WINDOW)
    assert isinstance(found["ben@acme.example"], Known)
    assert found[OWNER] == Unknown(
        "unreadable", f"{OWNER}: its calendar breaks our reader (KeyError); report it"
    )
    assert "a calendar file was read wrongly: KeyError in " in caplog.text
    assert "secret" not in caplog.text


def test_no_folder_no_calendar(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="there is no folder"):
        LocalCalendar(tmp_path / "missing")
    with pytest.raises(Invalid, match="zone"):
        LocalCalendar(tmp_path, zone="Berlin")
    with pytest.raises(NotFound):
        LocalCalendar(tmp_path).find_all("nobody@acme.example", WINDOW)


def test_too_long_a_window_is_refused(tmp_path: Path) -> None:
    create_calendar(tmp_path, OWNER, "Ada", ZONE)
    with pytest.raises(Invalid, match="366 days"):
        LocalCalendar(tmp_path).availability(
            [OWNER], Window(WINDOW.start, WINDOW.start + timedelta(days=400))
        )
