"""The screens of the console, in the order of a recruiter's day: what the menu and the keys know.

Told by `tests/scheduler/web/test_queue.py`.
"""

from __future__ import annotations

from dataclasses import dataclass

from scheduler.domain.access.policy import Action
from scheduler.web.frame.acts import May
from scheduler.web.frame.words import N_


@dataclass(frozen=True, slots=True)
class Screen:
    """``key`` opens it after ``g``; ``icon`` is the name of a symbol in `frame/icons.html`. It is shown to whom its page
    opens: ``action`` and ``narrows`` are the page's own (`Acts`)."""

    address: str
    title: str
    key: str
    icon: str
    action: Action
    narrows: bool = False


SCREENS = (
    Screen("/today", N_("Today"), "t", "sun", Action.READ),
    Screen("/loops", N_("Loops"), "l", "list", Action.READ, True),
    Screen("/new", N_("New loop"), "n", "plus", Action.REQUEST),
    Screen("/superdays", N_("Superdays"), "s", "day", Action.READ),
    Screen("/load", N_("Load"), "w", "chart", Action.READ),
    Screen("/people", N_("People"), "p", "people", Action.LOOK_UP),
    Screen("/company", N_("Company"), "c", "house", Action.LOOK_UP),
    Screen("/automations", N_("Automations"), "a", "bolt", Action.READ),
    Screen("/audit", N_("Audit"), "u", "book", Action.AUDIT),
    Screen("/health", N_("Health"), "h", "pulse", Action.READ),
    Screen("/privacy", N_("Privacy"), "v", "lock", Action.ADMINISTER),
)


def screens_of(may: May) -> tuple[Screen, ...]:
    """Those that open to whoever looks."""
    return tuple(s for s in SCREENS if may.open(s.action, narrows=s.narrows))
