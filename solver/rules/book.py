"""The rule book: every rule's name and its sentence for people, in the order they are checked.

Each name is a function in `solver.rules.time`, `solver.rules.people`, `solver.rules.shared`,
`solver.rules.prices` or `solver.rules.check` (whose docstring is the formula), and has tests of its own, holding and broken.
"""

from __future__ import annotations

from collections.abc import Mapping

HARD: Mapping[str, str] = {
    "known": "A plan names loops and sessions of its problem only, and a placed loop names all of its sessions.",
    "left_out": "A loop with something pinned has to be placed.",
    "grid": "Everything starts on the grid.",
    "horizon": "Every session lies between the epoch and the horizon.",
    "availability": "Every session lies inside one of the times that the candidate offered.",
    "window": "A session with windows lies inside one of them.",
    "lock": "What is pinned stays: its time, its people, its room.",
    "seats": "Every seat has exactly the number of people it wants, out of its pool; an optional one may stay empty.",
    "shadow": "A trainee observes only where one is wanted, and comes from the trainees named for it.",
    "once_in_session": "Nobody fills two places of one session.",
    "once_in_loop": "Nobody is in two interviews of one loop, unless the same people are asked for.",
    "same_people": "Sessions that ask for the same people have the same people, seat by seat.",
    "barred": "People of an earlier round fill no interview seat.",
    "work": "Everybody is booked inside their working hours only.",
    "busy": "Nobody is booked over something in their calendar that cannot move.",
    "lunch_block": "Nobody's lunch is taken for anything but a lunch.",
    "room": "A session that needs a room has one, and no other session has one.",
    "room_fits": "A room is at the session's site, seats everybody, and offers what the session needs.",
    "room_busy": "A room is free when it is used.",
    "breaks": "The candidate's sessions do not overlap and leave the least break between them.",
    "order": "A session starts after those that must come before it.",
    "gap": "The time between two sessions keeps its least and greatest length.",
    "travel": "The candidate has time to travel between two sites.",
    "day": "Every session lies inside one of the candidate's days.",
    "max_days": "The candidate comes on at most so many days.",
    "max_span": "No day of the candidate is longer than its limit, from first start to last end.",
    "same_day": "Sessions that belong on one day are on one day.",
    "different_day": "Sessions that belong on different days are on different days.",
    "day_minutes": "The candidate has at most so many minutes of interviews on one day.",
    "longest_run": "The candidate is never interviewed for longer than the limit without a break.",
    "debrief": "A placed loop has a debrief exactly when it wants one.",
    "debrief_after": "The debrief starts after the last session, with its least distance.",
    "debrief_within": "The debrief starts within its number of business minutes after the last session.",
    "apart": "Two bookings of one person do not overlap and keep the buffer between them.",
    "held": "Nobody is booked over, or too close to, an interview they already hold.",
    "travel_person": "Everybody has time to travel between two sites.",
    "room_once": "A room is used for one session at a time.",
    "max_day": "Nobody has more interviews on a day than their limit.",
    "max_week": "Nobody has more interviews in a week than their limit.",
    "max_day_minutes": "Nobody has more interview minutes on a day than their limit.",
    "max_week_minutes": "Nobody has more interview minutes in a week than their limit.",
}
"""Hard rules: a plan that breaks one is not a plan."""

PRICED: Mapping[str, str] = {
    "finish": "Every minute until the loop is over, its debrief included.",
    "idle": "Every minute that the candidate waits between the sessions of a day.",
    "extra_day": "Every day beyond the first that the candidate has to come.",
    "tentative": "Every booking over something tentative in somebody's calendar.",
    "focus": "Every booking over somebody's focus time.",
    "outside_pref": "Every interview outside the preferred hours.",
    "rank": "Every person who is a lesser choice for a seat.",
    "no_shadow": "Every wanted trainee who is missing.",
    "fair": "Interviews that fall on people who already carry many.",
    "unscheduled": "Every loop that is left out, by its priority.",
    "optional_empty": "Every optional seat that stays empty.",
    "run": "Every minute of interviews without a break beyond the longest run.",
    "room_change": "Every room beyond the first that a candidate has to find.",
    "moved_time": "Every session that moved to another time.",
    "moved_person": "Every person who was in a session and is no longer.",
    "moved_room": "Every session that moved to another room.",
    "moved_debrief": "Every debrief that moved.",
}
"""Priced rules, in minutes: the price of a plan is the sum of their shares."""
