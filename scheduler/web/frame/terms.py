"""The product's own words as people read them: states, seats, rules and their prices, what happened.

A name that is not known here is shown as it is written, so that nothing is hidden.

Told by `tests/scheduler/web/test_words.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from scheduler.domain.bookings import SeatState
from scheduler.domain.loops import LoopState
from scheduler.domain.templates import SeatKind
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
FACTS: Mapping[str, str] = {
    "loop_requested": N_("Asked for"),
    "loop_moved": N_("%(after)s"),
    "loop_assigned": N_("Given to %(after)s"),
    "loop_changed": N_("Changed"),
    "loop_replanned": N_("Asked for new plans"),
    "loop_reminded": N_("Reminded"),
    "reminded_in_time": N_("Reminded in time"),
    "invitation_unanswered": N_("Invitations were not answered, also after a reminder"),
    "seat_invited": N_("Invited %(person)s"),
    "seat_accepted": N_("%(person)s accepted"),
    "seat_tentative": N_("%(person)s will perhaps come"),
    "seat_opened": N_("%(person)s said nothing: the seat is given to somebody else"),
    "seat_declined": N_("%(person)s declined"),
    "seat_replaced": N_("%(person)s was replaced"),
    "seat_lost": N_("%(person)s cannot be there any more"),
    "seat_back": N_("%(person)s can be there again"),
    "room_lost": N_("The room is lost"),
    "room_back": N_("The room is back"),
    "hold_expired": N_("The hold ended"),
    "further_plans_sought": N_("More plans are looked for"),
    "further_plan_added": N_("One more plan"),
    "plans_weighed_again": N_("The plans on offer cost something else by now"),
    "further_plans_ended": N_("No more plans are looked for"),
    "calendars_kept": N_("What the calendars said was kept"),
    "calendars_seen": N_("The calendars were looked at again"),
    "reason_given": N_("Reason: %(after)s"),
    "reason_added": N_("Needs a person"),
    "reason_gone": N_("What needed a person is settled"),
    "repair_retried": N_("Repaired anew"),
    "moved_outside": N_("Moved in the calendar"),
    "move_accepted": N_("The move in the calendar was accepted"),
    "put_back": N_("Put back in the calendar"),
    "conflict_found": N_("Something else came into a calendar"),
    "conflict_gone": N_("A conflict is gone"),
    "write_failed": N_("A calendar could not be written"),
    "orphan_cancelled": N_("An event without a loop was cancelled"),
    "stage_entered": N_("The stage was entered"),
    "stage_left": N_("The stage was left"),
    "application_closed": N_("The application was closed"),
    "job_failed": N_("A job of ours failed"),
    "answered_by_mail": N_("Answered by mail: %(after)s"),
    "time_proposed": N_("Another time is proposed"),
    "candidate_cannot": N_("The candidate cannot come to an interview"),
    "needs_changed": N_("What the candidate needs has changed"),
    "candidate_asked": N_("The candidate was asked to choose"),
    "link_made": N_("A link to a page was made"),
    "link_revoked": N_("A link to a page was revoked"),
    "sign_in_link_made": N_("A link to sign in was made"),
    "promise_due": N_("The day is near by which the candidate hears"),
    "own_hours_changed": N_("Changed their own hours and wishes"),
    "signed_in": N_("A browser signed in"),
    "signed_out": N_("A browser was signed out"),
    "identity_added": N_("An account was tied to whoever signed in"),
    "erasure_asked": N_("The erasure of a candidate was asked for"),
    "words_erased": N_("Facts lost a candidate’s words"),
    "candidate_erased": N_("A candidate was erased"),
}
QUIET = frozenset(
    {
        "further_plans_sought",
        "further_plan_added",
        "further_plans_ended",
        "plans_weighed_again",
        "calendars_kept",
        "calendars_seen",
        "seat_invited",
        "loop_reminded",
        "reminded_in_time",
        "candidate_asked",
        "link_made",
        "link_revoked",
    }
)
"""Facts that change nothing about which somebody decides with a form that they look at."""
STANDINGS: Mapping[str, str] = {
    "trainee": N_("in training"),
    "shadowing": N_("shadows"),
    "reverse_shadowing": N_("is shadowed"),
    "qualified": N_("qualified"),
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

    def _of(self, known: Mapping[str, str], name: str) -> str:
        return self.words(known[name]) if name in known else name.replace("_", " ")
