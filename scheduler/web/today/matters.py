"""What needs a person, as Today shows it; and what people say of it: mine, not now, done.

Told by `tests/scheduler/web/test_today.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, time, timedelta

from scheduler.domain.attention.matters import Do, Kind
from scheduler.domain.errors import BadInput
from scheduler.domain.time import at
from scheduler.services.app import App
from scheduler.services.attention import care
from scheduler.services.attention.care import Shown
from scheduler.storage.database import Tx
from scheduler.web.frame.viewer import Viewer
from scheduler.web.frame.words import N_
from scheduler.web.today.forms import CloseForm, MatterForm, SnoozeForm, Until

MORNING = time(9)
KINDS: Mapping[str, str] = {
    Kind.LOOP: N_("Needs a person"),
    Kind.REPAIR: N_("A repair waits for a yes"),
    Kind.STUCK: N_("Does not go on"),
    Kind.MAIL: N_("Mail not sent"),
    Kind.INVITATION: N_("No answer yet"),
    Kind.LEFT: N_("The candidate left"),
    Kind.INFEASIBLE: N_("No plan"),
    Kind.CANDIDATE: N_("The candidate is silent"),
    Kind.REVOKED: N_("Calendar may not be read"),
    Kind.UNREADABLE: N_("Calendar cannot be read"),
    Kind.DELIVERY: N_("A message could not be acted on"),
    Kind.HOOK: N_("A program is told nothing"),
    Kind.HANGING: N_("A job hangs"),
    Kind.ADVANCE: N_("A stage was reached"),
    Kind.CONNECTION: N_("Hiring system"),
    Kind.DECISION: N_("Decision due"),
    Kind.SHOWN: N_("Not shown"),
    Kind.LATE: N_("Message waits"),
    Kind.FAILED: N_("A job failed"),
}
WAYS: Mapping[str, str] = {
    Do.LOOK: N_("Look at it"),
    Do.CHOOSE: N_("Carry out the repair"),
    Do.REPAIR: N_("Repair"),
    Do.ACCEPT_MOVE: N_("Accept the move"),
    Do.REPLAN: N_("Plan anew"),
    Do.CHANGE: N_("Change it"),
    Do.CANCEL: N_("Cancel …"),
    Do.REMIND: N_("Remind"),
    Do.SEND_AGAIN: N_("Send again"),
    Do.ENABLE: N_("Switch on"),
    Do.DELIVER_AGAIN: N_("Work on it again"),
}
"""What has a page; the rest is told in words alone."""
DEEDS: Mapping[str, str] = {
    Do.CHOOSE: "choose",
    Do.REPAIR: "repair",
    Do.ACCEPT_MOVE: "accept-move",
    Do.REPLAN: "replan",
    Do.REMIND: "remind",
    Do.SEND_AGAIN: "send-again",
}
"""What is done with one button, by the last part of the loop's address."""
MACHINES: Mapping[str, str] = {Do.ENABLE: "/health/enable", Do.DELIVER_AGAIN: "/health/again"}
"""The same of what belongs to no loop, by its address."""


def lines_of(text: str) -> list[str]:
    """The reasons of a matter one by one: sentences that stand behind each other with a semicolon between."""
    return [line for part in text.splitlines() for line in part.replace(".; ", ".\n").splitlines()]


class Seen(BadInput):
    """The matter is not as the page showed it."""


def _as_seen(form: MatterForm) -> Callable[[Shown], None]:
    """Refuses where somebody was faster."""

    def check(shown: Shown) -> None:
        kept = shown.kept
        had = kept.care.taken_by if kept.care else ""
        if kept.matter.cause != form.cause:
            raise Seen("matter", "has changed since the page was made", "look again")
        if had != form.had:
            raise Seen("matter", f"{had or 'nobody'} has it now", "look again")

    return check


def take(app: App, tx: Tx, form: MatterForm, viewer: Viewer) -> None:
    """The viewer looks after it. Raises `BadInput` where they have not said who they are."""
    if not viewer.me:
        raise BadInput("me", "this browser does not know who you are", "say it under “You”")
    care.take(app, tx, form.matter, viewer.me, viewer.actor, _as_seen(form))


def snooze(app: App, tx: Tx, form: SnoozeForm, viewer: Viewer) -> None:
    """It comes back some morning, or when its cause changes."""
    care.snooze(
        app, tx, form.matter, morning(form.until, app.clock(), viewer), viewer.actor, "", _as_seen(form)
    )


def close(app: App, tx: Tx, form: CloseForm, viewer: Viewer) -> None:
    """It is done with, for a reason of the company's."""
    care.close(app, tx, form.matter, form.reason, viewer.actor, form.note, _as_seen(form))


def morning(until: Until, now: datetime, viewer: Viewer) -> datetime:
    """The moment that is meant, on the viewer's clock."""
    today = now.astimezone(viewer.tz).date()
    ahead = {Until.TOMORROW: 1, Until.MONDAY: 7 - today.weekday(), Until.MONTH: 28}[until]
    return at(today + timedelta(days=ahead), MORNING, viewer.tz)
