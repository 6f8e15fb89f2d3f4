"""What is stored about whom, and for how long, as people read it: the page and docs/privacy.md say the same.

Told by `tests/scheduler/web/days/test_privacy.py`.
"""

from __future__ import annotations

from dataclasses import dataclass

from scheduler.web.frame.words import N_


@dataclass(frozen=True, slots=True)
class Stored:
    """``setting`` is what says for how many days; where there is none, ``until`` says how long."""

    whom: str
    what: str
    until: str = ""
    setting: str = ""


_CANDIDATES, _COLLEAGUES, _USERS = N_("Candidates"), N_("Colleagues"), N_("Whoever signs in")
STORED = (
    Stored(
        _CANDIDATES,
        N_("Name, address, time zone, job and stage; what they need, never why"),
        setting="keep_candidates_days",
    ),
    Stored(
        _CANDIDATES,
        N_("When they can, what was planned and booked, what they answered, what colleagues noted on it"),
        setting="keep_candidates_days",
    ),
    Stored(_CANDIDATES, N_("Mails that were written to them or about them"), setting="keep_candidates_days"),
    Stored(
        _CANDIDATES, N_("Those mails as files, where no mail server is set up"), setting="keep_mails_days"
    ),
    Stored(_CANDIDATES, N_("Messages of hiring systems, as they came"), setting="keep_messages_days"),
    Stored(
        _CANDIDATES,
        N_("Events in colleagues’ and rooms’ calendars, with name and job in the title"),
        N_("until they are erased; local files, put away after a while, as well"),
    ),
    Stored(
        _CANDIDATES,
        N_("What happened to their loops: who did what when"),
        N_("for ever; after an erasure under a pseudonym and without a word that somebody wrote"),
    ),
    Stored(
        _COLLEAGUES,
        N_("Name, address, time zone, working hours, languages, pools, which calendar is theirs"),
        N_("until the company file no longer has them; then they count as inactive"),
    ),
    Stored(
        _COLLEAGUES,
        N_(
            "Interviews they sit in, their answers, and times that were taken; never a title of another event"
        ),
        N_("as long as the loop"),
    ),
    Stored(
        _USERS,
        N_("Account, roles, browsers and when each was last used; no password"),
        N_("browsers until they are signed out or run out, accounts until they are removed"),
    ),
)
