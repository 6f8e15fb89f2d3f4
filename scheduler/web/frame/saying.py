"""Sentences of the planner by their codes, and how they are said in the viewer's language and on the clock that is meant.

In the language of the sources a sentence is told as the services wrote it; in every other one it is put together anew from
its code and what stands in it. A code that is not known here is told as it was written, so that nothing is hidden.

Told by `tests/scheduler/web/test_saying.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol

from babel.lists import format_list

from scheduler.domain.fixes.saying import Said, part
from scheduler.domain.time import Span
from scheduler.web.frame.clock import Clock
from scheduler.web.frame.words import N_, SOURCE, Words

SENTENCES: Mapping[str, str] = {
    "gap.offer": N_("No time that %(candidate)s offers is long enough for %(session)s (%(length)s)."),
    "gap.window": N_("%(session)s has fixed hours, and %(candidate)s offers no time within them."),
    "gap.pin": N_(
        "%(session)s is pinned to a time that %(candidate)s does not offer or that its hours exclude."
    ),
    "gap.pool": N_("%(session)s needs %(wanted)s of %(people)s, and not as many may take part."),
    "gap.people_one": N_("%(people)s is never free for %(session)s when %(candidate)s is."),
    "gap.people": N_("%(session)s needs %(wanted)s of %(people)s, who are never free when %(candidate)s is."),
    "gap.seats": N_("The %(wanted)s people for %(session)s are never free together when %(candidate)s is."),
    "gap.different": N_(
        "%(sessions)s need %(wanted)s different people, and only %(people)s could take part."
    ),
    "gap.room": N_("No room at %(site)s suits %(session)s (%(wanted)s people)."),
    "gap.room_time": N_("No room for %(wanted)s at %(site)s is free for %(session)s when %(candidate)s is."),
    "gap.room_and_people": N_("For %(session)s, a room and enough people are never free at the same time."),
    "gap.attendant": N_("%(people)s has no time for the debrief."),
    "gap.debrief": N_("%(people)s have no time in common for the debrief."),
    "gap.deadline": N_(
        "%(people)s have no time for the debrief within %(length)s of business hours after the last interview."
    ),
    "gap.length": N_("It takes %(length)s at a stretch or on a day, which is more than is allowed."),
    "gap.offers": N_("The sessions take %(length)s, and %(candidate)s does not offer as much."),
    "gap.days": N_("Sessions that belong on different days need %(wanted)s days."),
    "gap.together": N_("Every part has times of its own, but not all at once.%(helps)s"),
    "in_the_way": N_(" In the way, each by itself: %(parts)s."),
    "several": N_("the %(number)s people who could"),
    "any_people": N_("any of %(number)s people"),
    "any_candidates": N_("any of %(number)s candidates"),
    "any_sessions": N_("any of %(number)s sessions"),
    "group.rooms": N_("the rooms at %(name)s"),
    "group.caps": N_("the caps of the interviewers"),
    "group.buffer": N_("the buffer between interviews"),
    "group.order": N_("what %(name)s has to come after"),
    "group.gap": N_("the time between %(name)s"),
    "group.breaks": N_("the least break"),
    "group.longest_run": N_("the longest run without a break"),
    "group.day_minutes": N_("the minutes of interviews a day"),
    "group.span": N_("the length of a day"),
    "group.same_day": N_("what has to be on one day"),
    "group.different_day": N_("what has to be on different days"),
    "group.debrief": N_("the debrief's deadline"),
    "group.person": N_("the calendar of %(name)s"),
    "group.pool": N_("who may do %(name)s"),
    "group.same_people": N_("the same people in %(name)s as before"),
    "group.barred": N_("keeping out people of the earlier round"),
    "group.travel": N_("travel between sites"),
    "group.window": N_("the hours of %(name)s"),
    "group.lock": N_("what is pinned about %(name)s"),
    "group.days": N_("the number of days"),
    "group.availability": N_("what %(name)s offers"),
    "group.loop": N_("the loop of %(name)s"),
    "together": N_(
        "every interview of %(template)s could take place by itself, but no times fit all of them together"
    ),
    "not_considered": N_("not considered, because the calendar cannot be read: %(people)s"),
    "solver": N_("the plan could not be made: %(why)s"),
    "out_of_time": N_("no plan was found within %(seconds)s seconds; nothing is proven"),
    "too_dear": N_(
        "no plan was found that costs less than none at all, %(price)s; raise policy.prices.unscheduled in the company file, or lower other prices"
    ),
    "unexplained": N_("there is no plan, that is proven, but the reasons could not be worked out: %(why)s"),
    "locked_time": N_("%(title)s is locked to %(at)s, which is past or beyond the horizon: unlock its time"),
    "locked_room": N_("%(title)s is locked to the room %(room)s, which is not there: unlock its room"),
    "incomplete": N_("the step %(title)s is not complete: %(why)s"),
    "unfit.seats": N_("%(title)s: %(who)s is not among those who may take this seat"),
    "unfit.declined": N_("%(who)s has declined it"),
    "unfit.unknown_calendar": N_("%(who)s cannot be asked: the calendar cannot be read"),
    "unfit.left": N_("%(who)s is no longer with the company"),
    "unfit.locked": N_("%(who)s cannot have it: the seat is locked"),
    "unfit.standing": N_("%(who)s is not qualified in its pool yet"),
    "unfit.skills": N_("%(who)s lacks %(things)s"),
    "unfit.level": N_("%(who)s is not of the level %(things)s"),
    "unfit.place": N_("%(who)s does not work at the place of the interview"),
    "needs.declined": N_("%(title)s needs %(who)s, who has declined"),
    "needs.unread": N_("%(title)s needs %(who)s, whose calendar cannot be read"),
    "window": N_("%(title)s has a window of the day that the candidate never offers"),
    "the_named_person": N_("the named person"),
    "short": N_("%(title)s needs %(count)s of %(who)s, but only %(have)s qualify"),
    "short.there": N_("%(title)s needs %(count)s of %(who)s, but only %(have)s qualify and work there"),
    "short.unread": N_(
        "%(title)s needs %(count)s of %(who)s, but only %(have)s can be asked: the calendar of %(names)s cannot be read"
    ),
    "debrief.left": N_(
        "the debrief needs %(names)s, no longer with the company: name somebody else in the application"
    ),
    "debrief.unread": N_("the debrief needs %(names)s, whose calendar cannot be read"),
    "closed": N_("%(days)s"),
    "closed_day": N_("%(site)s is closed on %(day)s%(name)s"),
    "closed_from": N_("%(site)s is closed on %(day)s from %(hour)s%(name)s"),
    "no_window.horizon": N_("every window of the candidate lies behind %(day)s, the end of the horizon"),
    "no_window.companions": N_("%(names)s is needed throughout and free in none of the candidate's windows"),
    "no_window": N_(
        "none of the candidate's windows is open: each is past, within %(hours)s hours, closed or taken"
    ),
    "left_out": N_("it fits alone, but not beside the other loops of its batch and what else is on offer"),
    "on_offer": N_(
        "no plan was found that keeps free what is on offer to other candidates: whoever says yes first gets it"
    ),
    "undecided": N_("what the changes would lead to could not be worked out in time; nothing is proven"),
    "fix": N_("It would fit if %(changes)s."),
    "the_debrief": N_("the debrief"),
    "change.rooms": N_("there were one more room for %(number)s at %(site)s, for %(sessions)s"),
    "change.rooms.at": N_("there were one more room for %(number)s at %(site)s, for %(sessions)s %(at)s"),
    "change.caps": N_("%(people)s could take %(caps)s"),
    "cap.max_day": N_("%(number)s interviews a day"),
    "cap.max_week": N_("%(number)s interviews a week"),
    "cap.max_day_minutes": N_("%(length)s of interviews a day"),
    "cap.max_week_minutes": N_("%(length)s of interviews a week"),
    "change.no_buffer": N_("there were no buffer between interviews"),
    "change.buffer": N_("%(length)s between two interviews of one person were enough"),
    "change.order": N_("%(first)s need not come after %(rest)s"),
    "change.gap": N_("the time between %(rest)s and %(first)s were not fixed"),
    "change.breaks": N_("breaks of %(length)s were enough"),
    "change.longest_run": N_("%(length)s of interviews without a break were all right"),
    "change.day_minutes": N_("a day could have %(length)s of interviews"),
    "change.span": N_("a day could last %(length)s"),
    "change.same_day": N_("%(sessions)s need not be on one day"),
    "change.different_day": N_("%(sessions)s could share a day"),
    "change.debrief": N_("the debrief could wait %(length)s of business hours after the last interview"),
    "change.person": N_("%(people)s could make time"),
    "change.person.at": N_("%(people)s could make time %(at)s"),
    "change.pool": N_("%(number)s more people could do %(first)s"),
    "change.pool.at": N_("%(number)s more people could do %(first)s %(at)s"),
    "change.pool_one": N_("one more person could do %(first)s"),
    "change.pool_one.at": N_("one more person could do %(first)s %(at)s"),
    "change.same_people": N_("%(first)s could have other people than %(rest)s"),
    "change.barred": N_("%(people)s of the earlier round could take part again"),
    "change.travel": N_("nobody had to travel between sites"),
    "change.window": N_("%(first)s could also be at another time"),
    "change.window.at": N_("%(first)s could also be %(at)s"),
    "change.lock": N_("%(first)s were not pinned"),
    "change.lock.at": N_("%(first)s were %(at)s instead"),
    "change.days": N_("%(candidate)s came on %(number)s days"),
    "change.availability": N_("%(candidate)s could also come at another time"),
    "change.availability.at": N_("%(candidate)s could also come %(at)s"),
    "change.loop": N_("%(loops)s gave way"),
    "change.horizon": N_("the horizon reached as far as %(at)s"),
    "change.notice": N_("%(number)s hours of notice were enough"),
    "change.holiday": N_("everybody of the plan worked on a holiday: %(days)s at %(site)s"),
    "refused": N_("%(where)s: %(what)s"),
    "the_loop": N_("The whole loop"),
    "untimed": N_("%(title)s"),
    "timed": N_("%(title)s, %(at)s"),
    "rule.busy": N_("%(who)s is busy then"),
    "rule.work": N_("%(who)s does not work then"),
    "rule.lunch_block": N_("%(who)s has lunch then"),
    "rule.apart": N_("%(who)s is in another meeting of this loop then, or too close to it"),
    "rule.held": N_("%(who)s has an interview of another loop then, or too close to it"),
    "rule.travel_person": N_("%(who)s could not get there in time"),
    "rule.travel": N_("nobody could get there in time"),
    "rule.max_day": N_("%(who)s would have more interviews that day than they may"),
    "rule.max_week": N_("%(who)s would have more interviews that week than they may"),
    "rule.max_day_minutes": N_("%(who)s would have more minutes of interviews that day than they may"),
    "rule.max_week_minutes": N_("%(who)s would have more minutes of interviews that week than they may"),
    "rule.once_in_session": N_("%(who)s would have two places in it"),
    "rule.once_in_loop": N_("%(who)s is in another interview of this loop as well"),
    "rule.barred": N_("%(who)s has met the candidate in an earlier round"),
    "rule.availability": N_("the candidate does not offer that time, or is not free then"),
    "rule.horizon": N_("that time is beyond the loop's horizon"),
    "rule.window": N_("the interview has hours of its own, and that is outside them"),
    "rule.lock": N_("it is locked to something else"),
    "rule.breaks": N_("the break beside another interview would be too short, or they would overlap"),
    "rule.order": N_("it would not come after the interview that goes before it"),
    "rule.gap": N_("the distance to the interview before it would not be kept"),
    "rule.room": N_("it has no room"),
    "rule.room_fits": N_("the room does not fit: its site, its places or what it offers"),
    "rule.room_busy": N_("the room is taken then"),
    "rule.room_once": N_("the room is used by another interview then"),
    "rule.debrief": N_("the debrief is not as it has to be"),
    "rule.debrief_after": N_("the debrief would not come after the last interview"),
    "rule.debrief_within": N_("the debrief would be too late after the last interview"),
    "rule.shadow": N_("%(who)s cannot observe it"),
    "rule.seats": N_("a seat is not filled"),
    "rule.seats_person": N_("%(who)s is not among those who may take this seat"),
    "rule.known": N_("it has no time yet"),
    "rule.max_days": N_("the candidate would have to come on too many days"),
    "rule.max_span": N_("the candidate's day would be too long"),
    "rule.day": N_("it would not lie within one day"),
    "rule.day_minutes": N_("the candidate would have too many minutes of interviews that day"),
    "rule.longest_run": N_("the candidate would go too long without a break"),
    "rule.same_day": N_("it has to be on the same day as another interview"),
    "rule.different_day": N_("it has to be on another day than another interview"),
    "rule.same_people": N_("it needs the same people as another interview"),
    "rule.grid": N_("it would not begin on the grid of starts"),
    "rule.left_out": N_("it would be left out"),
    "rule.past": N_("that time is past"),
    "rule.booked_beyond": N_("it is booked, and would lie outside of the loop's horizon"),
    "rule.booked_outside": N_("it is booked, and would lie outside of what the candidate offers"),
    "over.tentative": N_(
        "%(who)s may be busy then: something tentative stands in the calendar, or is on offer to others"
    ),
    "over.focus": N_("%(who)s keeps that time for themselves"),
    "over.outside_pref": N_("outside the preferred hours of the template"),
    "over.rank": N_("%(who)s would rather not do it"),
    "over.notice": N_("within the least notice of the template"),
    "over.run": N_("the candidate would be interviewed for longer without a break than the template wants"),
    "step": N_("%(title)s %(what)s"),
    "step.added": N_("is added, %(at)s"),
    "step.removed": N_("is taken out, %(at)s"),
    "step.moved": N_("moves from %(then)s to %(now)s"),
    "step.room": N_("is in %(now)s instead of %(then)s"),
    "step.swapped": N_("is given by %(come)s instead of %(left)s"),
    "step.seats": N_("has the same people in other seats"),
    "step.joined": N_("is joined by %(come)s"),
    "step.left": N_("is left by %(left)s"),
    "no_room": N_("none of the rooms"),
}
PRICES: Mapping[str, tuple[str, str]] = {
    "finish": (N_("the loop is over later"), N_("the loop is over sooner")),
    "idle": (N_("the candidate waits longer between interviews"), N_("the candidate waits less")),
    "extra_day": (N_("the candidate comes on more days"), N_("the candidate comes on fewer days")),
    "tentative": (N_("more stands over something tentative"), N_("less stands over something tentative")),
    "focus": (
        N_("more stands in hours that people keep for themselves"),
        N_("less stands in people's own hours"),
    ),
    "outside_pref": (
        N_("more lies outside the preferred hours"),
        N_("less lies outside the preferred hours"),
    ),
    "rank": (N_("lesser choices for a seat"), N_("better choices for a seat")),
    "no_shadow": (N_("a trainee is missing"), N_("a trainee has a place")),
    "fair": (N_("falls on people who carry more already"), N_("falls on people who carry less")),
    "optional_empty": (N_("an optional seat stays empty"), N_("an optional seat is filled")),
    "run": (N_("the candidate goes longer without a break"), N_("the candidate has a break sooner")),
    "room_change": (
        N_("the candidate changes rooms more often"),
        N_("the candidate changes rooms less often"),
    ),
}
"""Prices of a plan by rule: where it is more, and where it is less."""


class Worded(Protocol):
    """Something that the services say: as they wrote it, and as data where it is that."""

    @property
    def text(self) -> str: ...

    @property
    def said(self) -> Said | None: ...


@dataclass(frozen=True, slots=True)
class Sentence:
    """Such a thing by itself."""

    text: str
    said: Said | None


@dataclass(frozen=True, slots=True)
class Sayer:
    """Sentences in one language, on the viewer's way to write days and times."""

    words: Words
    when: Clock

    def __call__(self, thing: Worded) -> str:
        """What the services say."""
        if thing.said is None or self.words.language == SOURCE:
            return thing.text
        try:
            return self._code(part(thing.said))
        except KeyError:
            return thing.text

    def prices(self, price: Mapping[str, int]) -> list[str]:
        """A difference of prices, one line per rule, the dearest first."""
        ordered = sorted(price.items(), key=lambda item: (-abs(item[1]), item[0]))
        return [f"{self.words(PRICES[rule][more < 0])}: {more:+}" for rule, more in ordered if rule in PRICES]

    def _code(self, one: Mapping[str, Any]) -> str:
        values = {name: self._value(value) for name, value in one["values"].items()}
        return self.words(SENTENCES[one["code"]]) % values

    def _value(self, value: Any) -> str:
        if not isinstance(value, Mapping):
            return str(value)
        if "code" in value:
            return self._code(value)
        if "all" in value:
            parts = [self._value(one) for one in value["all"]]
            return str(format_list(parts, "or" if value["last"] == "or" else "standard", self.words.locale))
        if "minutes" in value:
            hours, rest = divmod(value["minutes"], 60)
            return " ".join(
                [*([f"{hours} h"] if hours else []), *([f"{rest} min"] if rest or not hours else [])]
            )
        if "day" in value:
            return self.when.written(date.fromisoformat(value["day"]))
        ends = [(datetime.fromisoformat(a), datetime.fromisoformat(b)) for a, b in value["spans"]]
        told = [self._stretch(start, end, value["zone"]) for start, end in ends]
        return f"{format_list(told, 'standard', self.words.locale)} ({value['zone']})"

    def _stretch(self, start: datetime, end: datetime, zone: str) -> str:
        return self.when.moment(start, zone) if start == end else self.when.stretch(Span(start, end), zone)
