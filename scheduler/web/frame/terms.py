"""The product's own words as people read them: states, seats, rules and their prices, what happened.

A name that is not known here is shown as it is written, so that nothing is hidden.

Told by `tests/scheduler/web/test_words.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from scheduler.domain.bookings import SeatState
from scheduler.domain.facts import Fact
from scheduler.domain.loops import LoopState
from scheduler.domain.templates import SeatKind
from scheduler.services.overview.one import people_in
from scheduler.web.frame.facts import ABOUT, FACTS, VALUES
from scheduler.web.frame.words import N_, Words

STATES: Mapping[str, str] = {
    LoopState.DRAFT: N_("Draft"),
    LoopState.AWAITING_CANDIDATE: N_("Waits for the candidate"),
    LoopState.PLANNING: N_("Being planned"),
    LoopState.PROPOSED: N_("Plans to choose from"),
    LoopState.HELD: N_("Held"),
    LoopState.BOOKING: N_("Being booked"),
    LoopState.CONFIRMED: N_("Booked"),
    LoopState.COMPLETED: N_("Over"),
    LoopState.INFEASIBLE: N_("No plan"),
    LoopState.REPAIRING: N_("Being repaired"),
    LoopState.CANCELLING: N_("Being cancelled"),
    LoopState.CANCELLED: N_("Cancelled"),
    LoopState.NEEDS_ATTENTION: N_("Needs a person"),
}
TONES: Mapping[str, str] = {
    LoopState.PROPOSED: "blue",
    LoopState.CONFIRMED: "green",
    LoopState.INFEASIBLE: "red",
    LoopState.NEEDS_ATTENTION: "red",
    LoopState.AWAITING_CANDIDATE: "amber",
}
"""The colour of a state, which never says alone what the words beside it say; others are grey."""
SEATS: Mapping[str, str] = {
    SeatState.ASSIGNED: N_("not asked yet"),
    SeatState.INVITED: N_("no answer yet"),
    SeatState.ACCEPTED: N_("accepted"),
    SeatState.TENTATIVE: N_("perhaps"),
    SeatState.DECLINED: N_("declined"),
    SeatState.REPLACED: N_("replaced"),
}
SEAT_TONES: Mapping[str, str] = {
    SeatState.ACCEPTED: "green",
    SeatState.TENTATIVE: "amber",
    SeatState.DECLINED: "red",
}
KINDS: Mapping[str, str] = {
    SeatKind.LEAD: N_("leads"),
    SeatKind.CO_INTERVIEWER: N_("interviews too"),
    SeatKind.OPTIONAL: N_("optional"),
    SeatKind.SHADOW: N_("observes"),
    SeatKind.REVERSE_SHADOW: N_("leads, observed"),
    SeatKind.COMPANION: N_("accompanies"),
}
RULES: Mapping[str, str] = {
    "finish": N_("until the debrief is over"),
    "idle": N_("the candidate waits in between"),
    "extra_day": N_("more than one day"),
    "tentative": N_("somebody is perhaps busy"),
    "focus": N_("somebody's focus time"),
    "outside_pref": N_("outside the preferred hours"),
    "rank": N_("a lesser choice for a seat"),
    "no_shadow": N_("a wanted trainee is missing"),
    "fair": N_("people who carry many interviews already"),
    "unscheduled": N_("a loop is left out"),
    "optional_empty": N_("an optional seat stays empty"),
    "run": N_("long without a break"),
    "room_change": N_("the candidate changes rooms"),
    "moved_time": N_("an interview moves"),
    "moved_person": N_("somebody is replaced"),
    "moved_room": N_("a room is replaced"),
    "moved_debrief": N_("the debrief moves"),
    "avoid": N_("when somebody would rather be left alone"),
    "rather_not": N_("what somebody would rather not do"),
    "on_offer": N_("times that are offered to somebody else"),
}
"""The priced rules of the solver (docs/instance-format.md)."""
STANDINGS: Mapping[str, str] = {
    "trainee": N_("in training"),
    "shadowing": N_("shadows"),
    "reverse_shadowing": N_("is shadowed"),
    "qualified": N_("qualified"),
}
ACTORS: Mapping[str, str] = {
    "api:browser": N_("somebody in the console"),
    "api": N_("a program"),
    "webhook": N_("the hiring system"),
    "candidate": N_("the candidate"),
    "policy": N_("the policy"),
    "link": N_("whoever opened a link"),
    "cli": N_("somebody at the command line"),
}
LABELS: Mapping[str, str] = {
    "tentative": N_("Perhaps busy"),
    "unread": N_("Calendar cannot be read"),
    "left": N_("The stage was left"),
    "closed": N_("The application was closed"),
    "stage": N_("Stage"),
}


@dataclass(frozen=True)
class Terms:
    """All of it in one language, for the templates."""

    words: Words

    def state(self, state: str) -> str:
        return self._of(STATES, state)

    def tone(self, state: str) -> str:
        return TONES.get(state, "grey")

    def seat(self, state: str) -> str:
        return self._of(SEATS, state)

    def seat_tone(self, state: str) -> str:
        return SEAT_TONES.get(state, "grey")

    def kind(self, kind: str) -> str:
        return self._of(KINDS, kind)

    def rule(self, rule: str) -> str:
        return self._of(RULES, rule)

    def standing(self, standing: str) -> str:
        return self._of(STANDINGS, standing)

    def label(self, label: str) -> str:
        return self._of(LABELS, label)

    def fact(self, what: str, **values: str) -> str:
        text = self.words(FACTS[what]) if what in FACTS else what.replace("_", " ")
        return text % values if "%(" in text else text

    def told(self, fact: Fact, name: Callable[[str], str]) -> str:
        """A fact with what it changed; ``name`` says what people are called."""
        values = {"before": self.value(fact.before), "after": self.value(fact.after), "person": ""}
        if people := people_in(fact):
            values["person"] = ", ".join(map(name, people))
        if fact.what == "loop_moved":
            values |= {"before": self.state(fact.before), "after": self.state(fact.after)}
        elif fact.what == "loop_assigned":
            values["after"] = name(fact.after)
        elif fact.what == "answered_by_mail":
            values["after"] = self.seat(fact.after)
        return self.fact(fact.what, **values)

    def kind_of_fact(self, what: str) -> str:
        """A kind of fact, to be chosen from a list."""
        if what == "loop_moved":
            return self.words(N_("Another state of a loop"))
        return self.fact(what, before="…", after="…", person="…")

    def changed(self, fact: Fact) -> tuple[str, str]:
        """Before and after, where the fact's own words do not say them."""
        if fact.what == "loop_moved":
            return self.state(fact.before), self.state(fact.after)
        if "%(after)" in FACTS.get(fact.what, ""):
            return "", ""
        return self.value(fact.before), self.value(fact.after)

    def value(self, value: str) -> str:
        """What a fact says of before or after, where it has a word."""
        return self.words(VALUES[value]) if value in VALUES else value

    def about(self, kind: str) -> str:
        """What kind of thing a fact is about."""
        return self._of(ABOUT, kind)

    def actor(self, actor: str, name: Callable[[str], str]) -> str:
        """Who did something; ``name`` says what people are called."""
        kind, _, id = actor.partition(":")
        if kind == "person":
            return name(id)
        if kind == "system":
            return "Loopwright"
        known = ACTORS.get(actor) or ACTORS.get(kind)
        return self.words(known) if known else actor

    def _of(self, known: Mapping[str, str], name: str) -> str:
        return self.words(known[name]) if name in known else name.replace("_", " ")
