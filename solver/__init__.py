"""Timetabling of interview loops in whole minutes: some questions, and the values they are asked with.

`solve` finds the best plan, `alternatives` others that a person would notice (`offers` gives each as it is
found), `repair` the least change to a booked plan, `nearest` the legal plan nearest to one drawn by hand,
`starts` where one session could be instead and `substitutes` who could sit in it, `explain` why there is no plan; `violations` says which of the `RULES` a plan breaks, `price` what it costs.
Nobody outside imports anything deeper than this page. What searches is loaded when it is first named,
since numpy is slow to load and most processes only speak of problems.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from solver.problem.codec import (
    plan_from_json,
    plan_to_json,
    problem_from_json,
    problem_to_json,
    result_to_json,
)
from solver.problem.errors import ProblemError
from solver.problem.plan import (
    Assignment,
    Ending,
    Limits,
    LoopPlan,
    Plan,
    Progress,
    Result,
    Status,
    Violation,
)
from solver.problem.values import (
    Busy,
    BusyKind,
    Debrief,
    Gap,
    Interval,
    Lock,
    LongestRun,
    Loop,
    Person,
    Problem,
    Room,
    Seat,
    Session,
    SessionKind,
    Shadow,
    Weights,
)
from solver.rules.book import HARD as RULES
from solver.rules.check import price, violations

if TYPE_CHECKING:
    from solver.questions.alternatives import alternatives, offers
    from solver.questions.explain import Explanation, Fix, LoopExplanation, explain
    from solver.questions.nearest import Nearest, nearest
    from solver.questions.places import Place, starts, substitutes
    from solver.questions.repair import Change, Repair, repair
    from solver.questions.solve import solve
    from solver.why.amend import amended
    from solver.why.changes import NeededChange
    from solver.why.gaps import AvailabilityGap, Lack
    from solver.why.groups import Group, Kind
    from solver.why.wording import gap_sentence

_LOADED_LATER = {
    "alternatives": "solver.questions.alternatives",
    "offers": "solver.questions.alternatives",
    "explain": "solver.questions.explain",
    "Explanation": "solver.questions.explain",
    "Fix": "solver.questions.explain",
    "LoopExplanation": "solver.questions.explain",
    "nearest": "solver.questions.nearest",
    "Nearest": "solver.questions.nearest",
    "Place": "solver.questions.places",
    "starts": "solver.questions.places",
    "substitutes": "solver.questions.places",
    "repair": "solver.questions.repair",
    "Repair": "solver.questions.repair",
    "Change": "solver.questions.repair",
    "solve": "solver.questions.solve",
    "gap_sentence": "solver.why.wording",
    "amended": "solver.why.amend",
    "NeededChange": "solver.why.changes",
    "AvailabilityGap": "solver.why.gaps",
    "Lack": "solver.why.gaps",
    "Group": "solver.why.groups",
    "Kind": "solver.why.groups",
}


def __getattr__(name: str) -> Any:
    """What is named for the first time; afterwards it is an attribute like any other."""
    if name not in _LOADED_LATER:
        raise AttributeError(f"module 'solver' has no attribute {name!r}")
    found = globals()[name] = getattr(import_module(_LOADED_LATER[name]), name)
    return found


__all__ = [
    "RULES",
    "Assignment",
    "AvailabilityGap",
    "Busy",
    "BusyKind",
    "Change",
    "Debrief",
    "Ending",
    "Explanation",
    "Fix",
    "Gap",
    "Group",
    "Interval",
    "Kind",
    "Lack",
    "Limits",
    "Lock",
    "LongestRun",
    "Loop",
    "LoopExplanation",
    "LoopPlan",
    "Nearest",
    "NeededChange",
    "Person",
    "Place",
    "Plan",
    "Problem",
    "ProblemError",
    "Progress",
    "Repair",
    "Result",
    "Room",
    "Seat",
    "Session",
    "SessionKind",
    "Shadow",
    "Status",
    "Violation",
    "Weights",
    "alternatives",
    "amended",
    "explain",
    "gap_sentence",
    "nearest",
    "offers",
    "plan_from_json",
    "plan_to_json",
    "price",
    "problem_from_json",
    "problem_to_json",
    "repair",
    "result_to_json",
    "solve",
    "starts",
    "substitutes",
    "violations",
]
