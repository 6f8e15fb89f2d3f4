"""Series of events: which components are one event, what repeats, and what can never matter.

`versions` sorts the components of one UID, `rules` reads and bounds one RRULE, `series` expands them, and
`reach` says where a component that cannot be read could lie.
"""

from connectors.local.recurrence.budget import Budget
from connectors.local.recurrence.reach import around, reach
from connectors.local.recurrence.series import Part, Series, part
from connectors.local.recurrence.versions import Versions, versions

__all__ = ["Budget", "Part", "Series", "Versions", "around", "part", "reach", "versions"]
