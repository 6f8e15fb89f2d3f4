"""What was just done, told once on the next page.

The cookie holds a name and a number, never a text: what is shown is written here.

Told by `tests/scheduler/web/test_queue.py`.
"""

from __future__ import annotations

import re

from fastapi import Request
from fastapi.responses import RedirectResponse

from scheduler.web.frame.words import N_, Words

_COOKIE = "console-said"
_FORM = re.compile(r"([a-z_]{1,30})(?:-(\d{1,4}))?")
SAID = {
    "booked": N_("Chosen: the times are held, and the invitations follow."),
    "planning": N_("The calendars are read again, and new plans are made."),
    "repairing": N_("The repair has begun."),
    "cancelled": N_("Cancelled: all times are free, and everybody is told."),
    "assigned": N_("The owner is noted."),
    "accepted": N_("The new time is the loop's."),
    "changed": N_("Changed as it was tried."),
    "kept_free": N_("Kept free: others plan around it until then."),
    "let_go": N_("It is kept free no longer than every offer."),
    "undone": N_("Undone: it is as it was before, and everybody is told."),
    "kept": N_("Kept."),
    "view_kept": N_("Kept: it stands beside the other views, and has an address of its own."),
    "view_removed": N_("Removed."),
    "signed_out": N_("That browser is signed out."),
    "candidate_asked": N_("Asked: a mail leads the candidate to their page."),
    "reminded": N_("Reminded: a mail goes to whoever has not answered."),
    "taken": N_("It is yours."),
    "snoozed": N_("It comes back then, or when its cause changes."),
    "closed": N_("Done. It comes back if its cause changes."),
    "asked": N_("Asked for."),
    "let_off": N_("Allowed this once: the loop is planned anew."),
    "mailed": N_("Asked by mail."),
    "noted": N_("Noted."),
    "packing": N_("One plan is made for all of them."),
    "all_booked": N_("Chosen: all times are held, and the invitations follow."),
    "saved": N_("Saved."),
    "stage_opened": N_("Decided: the next stage is open."),
    "decided": N_("Decided."),
    "mails_again": N_("What could not be sent is sent again."),
    "mails_sent": N_("Sent once more to the candidate."),
    "again": N_("It is worked on once more."),
    "enabled": N_("It is told of what happens again, what waits included."),
    "sent_again": N_("What failed is sent again."),
    "paused": N_("Paused: nothing more is started, what comes meanwhile waits."),
    "resumed": N_("It goes on, with what waited."),
    "removed": N_("Removed. What it started goes on."),
    "erasing": N_("It has begun, and goes on by itself."),
    "called_off": N_("Called off. What is booked stays booked."),
}


def say(answer: RedirectResponse, what: str) -> RedirectResponse:
    """Have the page that is looked at next tell that this was done."""
    answer.set_cookie(_COOKIE, what, max_age=60, path="/", httponly=True, samesite="lax")
    return answer


def said(request: Request, words: Words) -> str:
    """What there is to tell on this page, or nothing."""
    found = _FORM.fullmatch(request.cookies.get(_COOKIE, ""))
    return words(SAID[found[1]]) if found and found[1] in SAID else ""
