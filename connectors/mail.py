"""A message to one person, its calendar part included."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Message:
    """``id`` is stable across retries; ``calendar`` is an iCalendar text with its METHOD, or empty."""

    id: str
    to: str
    to_name: str
    subject: str
    text: str
    calendar: str = ""
    method: str = "REQUEST"
