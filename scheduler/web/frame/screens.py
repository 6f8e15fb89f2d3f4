"""The screens of the console, in the order of a recruiter's day: what the menu and the keys know.

Told by `tests/scheduler/web/test_queue.py`.
"""

from __future__ import annotations

from dataclasses import dataclass

from scheduler.web.frame.words import N_


@dataclass(frozen=True, slots=True)
class Screen:
    """``key`` opens it after ``g``; ``icon`` is the name of a symbol in `frame/icons.html`."""

    address: str
    title: str
    key: str
    icon: str


SCREENS = (
    Screen("/today", N_("Today"), "t", "sun"),
    Screen("/loops", N_("Loops"), "l", "list"),
    Screen("/new", N_("New loop"), "n", "plus"),
    Screen("/superdays", N_("Superdays"), "s", "day"),
    Screen("/load", N_("Load"), "w", "chart"),
    Screen("/people", N_("People"), "p", "people"),
    Screen("/company", N_("Company"), "c", "house"),
    Screen("/automations", N_("Automations"), "a", "bolt"),
    Screen("/audit", N_("Audit"), "u", "book"),
    Screen("/health", N_("Health"), "h", "pulse"),
)
