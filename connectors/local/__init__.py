"""A folder of iCalendar files, one per person and room, as a calendar service."""

from connectors.local.calendar import LocalCalendar

__all__ = ["LocalCalendar"]
