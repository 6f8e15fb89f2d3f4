"""What repeats: series of events, which components are one event, what can never matter, and changes of clocks.

`versions` sorts the components of one UID, `rules` reads and bounds one RRULE, `series` expands them,
`reach` says where a component that cannot be read could lie, and `vtimezone` makes a zone of its rules.
"""

from connectors.local.recurrence.budget import Budget
from connectors.local.recurrence.reach import around, reach
from connectors.local.recurrence.series import Part, Series, part
from connectors.local.recurrence.versions import Versions, versions

__all__ = ["Budget", "Part", "Series", "Versions", "around", "part", "reach", "versions"]
