"""A second reading of `loopbench/1`, written from the text of the format alone.

It works on plain JSON documents, shares no code with the checker and prefers the obvious loop to the
quick one: minutes are looked at one by one where that is the plainest way to say what is meant. Where
the two disagree, one of them has misread the format.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import combinations, pairwise
from typing import Any

Document = dict[str, Any]
Span = tuple[int, int]


def inside_one(spans: Iterable[list[int]], start: int, end: int) -> bool:
    return any(first <= start and end <= last for first, last in spans)


def meet(one: Span, other: Span) -> bool:
    """Half-open spans share a minute."""
    return max(one[0], other[0]) < min(one[1], other[1])


class Reading:
    """One problem and one answer, side by side."""

    def __init__(self, problem: Document, answer: Document) -> None:
        self.it = problem
        self.people = {one["id"]: one for one in problem["people"]}
        self.rooms = {one["id"]: one for one in problem["rooms"]}
        self.loops = {one["id"]: one for one in problem["loops"]}
        self.answer = answer["loops"]
        self.placed = {name: got for name, got in self.answer.items() if got is not None}

    # -- legality ------------------------------------------------------------------------------------

    def wrong(self) -> set[int]:
        """Numbers of the hard rules that are broken; 0 is an answer of the wrong shape."""
        shape = set(self._shape())
        if shape:
            return shape
        broken: set[int] = set()
        for name, got in self.placed.items():
            broken |= set(self._loop(self.loops[name], got))
        return broken | set(self._between())

    def _shape(self) -> Iterator[int]:
        for name, got in self.answer.items():
            if name not in self.loops:
                yield 0
                continue
            if got is None:
                continue
            loop = self.loops[name]
            if set(got["sessions"]) != {one["id"] for one in loop["sessions"]}:
                yield 0
                continue
            if (got["debrief"] is None) != (loop["debrief"] is None):
                yield 0
            for session in loop["sessions"]:
                at = got["sessions"][session["id"]]
                if len(at["people"]) != len(session["seats"]):
                    yield 0
                if any(who not in self.people for who in self._everybody(at)):
                    yield 0

    def _loop(self, loop: Document, got: Document) -> Iterator[int]:
        at = got["sessions"]
        for session in loop["sessions"]:
            yield from self._session(loop, session, at[session["id"]])
        interviewers: list[str] = []
        for session in loop["sessions"]:
            if session["kind"] == "interview":
                interviewers += self._everybody(at[session["id"]])
        if len(interviewers) != len(set(interviewers)):
            yield 2
        yield from self._order(loop, at)
        yield from self._days(loop, at)
        if loop["debrief"] is not None:
            yield from self._debrief(loop, got)

    def _everybody(self, at: Document) -> list[str]:
        seated = [who for seat in at["people"] for who in seat]
        return seated + ([at["shadow"]] if at["shadow"] is not None else [])

    def _session(self, loop: Document, session: Document, at: Document) -> Iterator[int]:
        start, end = at["start"], at["start"] + session["dur"]
        if start % self.it["grid"] != 0 or end > self.it["horizon"]:
            yield 1
        if not inside_one(loop["availability"], start, end):
            yield 1
        if session.get("window") and not inside_one(session["window"], start, end):
            yield 1
        lock = session.get("lock") or {}
        if lock.get("start") is not None and lock["start"] != start:
            yield 1
        if lock.get("room") is not None and lock["room"] != at["room"]:
            yield 1
        team = lock.get("people")
        if team is not None and [sorted(seat) for seat in team] != [sorted(seat) for seat in at["people"]]:
            yield 1
        for seat, who in zip(session["seats"], at["people"], strict=True):
            if len(who) != seat["n"] or len(set(who)) != seat["n"] or not set(who) <= set(seat["pool"]):
                yield 2
        present = self._everybody(at)
        if len(set(present)) != len(present):
            yield 2
        for who in present:
            if not self._free(who, start, end, lunch=session["kind"] == "lunch"):
                yield 3
        shadow, wanted = at["shadow"], session.get("shadow") or {"pool": []}
        if shadow is not None and shadow not in wanted["pool"]:
            yield 2
        room = self.rooms.get(at["room"])
        if (room is not None) != session["room"]:
            yield 5
        elif room is not None:
            if room["site"] != loop["site"] or room["cap"] < 1 + len(present):
                yield 5
            if any(meet((start, end), (first, last)) for first, last in room["busy"]):
                yield 5

    def _free(self, who: str, start: int, end: int, *, lunch: bool) -> bool:
        person = self.people[who]
        forbidden = {"hard"} if lunch else {"hard", "lunch"}
        return inside_one(person["work"], start, end) and not any(
            kind in forbidden and meet((start, end), (first, last)) for first, last, kind in person["busy"]
        )

    def _order(self, loop: Document, at: Document) -> Iterator[int]:
        spans = {
            one["id"]: (at[one["id"]]["start"], at[one["id"]]["start"] + one["dur"])
            for one in loop["sessions"]
        }
        pause = loop["min_break"]
        for one, other in combinations(spans.values(), 2):
            if not (one[1] + pause <= other[0] or other[1] + pause <= one[0]):
                yield 6
        for session in loop["sessions"]:
            for before in session["after"]:
                if spans[before][1] + pause > spans[session["id"]][0]:
                    yield 6

    def _by_day(self, loop: Document, at: Document) -> dict[int, list[Span]]:
        """Sessions per local day; -1 collects those inside none."""
        found: dict[int, list[Span]] = {}
        for session in loop["sessions"]:
            start = at[session["id"]]["start"]
            end = start + session["dur"]
            day = next((i for i, (a, b) in enumerate(loop["days"]) if a <= start and end <= b), -1)
            found.setdefault(day, []).append((start, end))
        return found

    def _days(self, loop: Document, at: Document) -> Iterator[int]:
        days = self._by_day(loop, at)
        if -1 in days or len(days) > loop["max_days"]:
            yield 7
        for day, spans in days.items():
            if (
                day >= 0
                and max(end for _, end in spans) - min(start for start, _ in spans) > loop["max_span"]
            ):
                yield 7

    def _debrief(self, loop: Document, got: Document) -> Iterator[int]:
        wanted, start = loop["debrief"], got["debrief"]["start"]
        last = max(got["sessions"][one["id"]]["start"] + one["dur"] for one in loop["sessions"])
        if start < last:
            yield 8
        hours = self.it["calendars"][loop["site"]]
        business = sum(any(a <= minute < b for a, b in hours) for minute in range(last, start))
        if business > wanted["within"]:
            yield 8
        if start % self.it["grid"] != 0:
            yield 1
        for who in self._panel(loop, got):
            if not self._free(who, start, start + wanted["dur"], lunch=False):
                yield 3

    def _panel(self, loop: Document, got: Document) -> set[str]:
        seated = {
            who
            for one in loop["sessions"]
            if one["kind"] == "interview"
            for seat in got["sessions"][one["id"]]["people"]
            for who in seat
        }
        return seated | set(loop["debrief"]["attend"])

    def _events(self) -> Iterator[tuple[str, int, int, str]]:
        """Person, start, end, kind (``seat``, ``shadow``, ``lunch``, ``debrief``) of everything new."""
        for name, got in self.placed.items():
            loop = self.loops[name]
            for one in loop["sessions"]:
                at = got["sessions"][one["id"]]
                end = at["start"] + one["dur"]
                kind = "lunch" if one["kind"] == "lunch" else "seat"
                seated = {who for seat in at["people"] for who in seat}
                for who in sorted(seated):  # twice in one session is wrong, but one event
                    yield who, at["start"], end, kind
                if at["shadow"] is not None and at["shadow"] not in seated:
                    yield at["shadow"], at["start"], end, "lunch" if kind == "lunch" else "shadow"
            if loop["debrief"] is not None:
                begin = got["debrief"]["start"]
                for who in sorted(self._panel(loop, got)):
                    yield who, begin, begin + loop["debrief"]["dur"], "debrief"

    def _between(self) -> Iterator[int]:
        events = list(self._events())
        for who, person in self.people.items():
            mine = sorted((start, end) for name, start, end, _ in events if name == who)
            for (_, end), (start, _) in pairwise(mine):
                if start < end + self.it["buffer"]:
                    yield 4
            counted = [start for name, start, _, kind in events if name == who and kind in ("seat", "shadow")]
            for bounds, cap in (("day_bounds", "max_day"), ("week_bounds", "max_week")):
                for first, last in self.it[bounds][person["tz"]]:
                    if sum(first <= start < last for start in counted) > person[cap]:
                        yield 9
        taken: dict[str, list[Span]] = {}
        for name, got in self.placed.items():
            for one in self.loops[name]["sessions"]:
                at = got["sessions"][one["id"]]
                if at["room"] is not None:
                    taken.setdefault(at["room"], []).append((at["start"], at["start"] + one["dur"]))
        for spans in taken.values():
            if any(meet(one, other) for one, other in combinations(spans, 2)):
                yield 5
        for loop in self.loops.values():
            pinned = any(
                value is not None for one in loop["sessions"] for value in (one.get("lock") or {}).values()
            )
            if pinned and loop["id"] not in self.placed:
                yield 1

    # -- price -------------------------------------------------------------------------------------

    def price(self) -> int:
        weight = self.it["weights"]
        total = 0
        for name, got in self.placed.items():
            total += self._loop_price(self.loops[name], got)
        for who, start, end, _ in self._events():
            for kind in ("tentative", "focus"):
                if any(k == kind and meet((start, end), (a, b)) for a, b, k in self.people[who]["busy"]):
                    total += weight[kind]
        seats = Counter(who for who, _, _, kind in self._events() if kind == "seat")
        for who, n in seats.items():
            prior = self.people[who]["prior"]
            total += weight["fair"] * ((prior + n) ** 2 - prior**2)
        for loop in self.loops.values():
            if loop["id"] not in self.placed:
                total += weight["unscheduled"] * loop["priority"]
        return total

    def _loop_price(self, loop: Document, got: Document) -> int:
        weight, at = self.it["weights"], got["sessions"]
        last = max(at[one["id"]]["start"] + one["dur"] for one in loop["sessions"])
        if loop["debrief"] is not None:
            last = got["debrief"]["start"] + loop["debrief"]["dur"]
        total = weight["finish"] * (last - min(start for start, _ in loop["availability"]))
        days = self._by_day(loop, at)
        for spans in days.values():
            long = max(end for _, end in spans) - min(start for start, _ in spans)
            total += weight["idle"] * (long - sum(end - start for start, end in spans))
        total += weight["extra_day"] * (len(days) - 1)
        for one in loop["sessions"]:
            begin = at[one["id"]]["start"]
            if one["kind"] == "interview" and not inside_one(loop["preferred"], begin, begin + one["dur"]):
                total += weight["outside_pref"]
            for seat, who in zip(one["seats"], at[one["id"]]["people"], strict=True):
                total += weight["rank"] * sum(seat["rank"].get(person, 0) for person in who)
            if one.get("shadow") and at[one["id"]]["shadow"] is None:
                total += weight["no_shadow"]
        return total
