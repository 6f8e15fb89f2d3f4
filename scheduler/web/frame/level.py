"""The service level: within how many days a loop is to be booked.

Told by `tests/scheduler/web/test_queue.py`.
"""

from __future__ import annotations

from datetime import timedelta

from fastapi import Request


def service_level(request: Request) -> timedelta:
    """What the deployment's settings say."""
    days: int = request.app.state.settings.service_days
    return timedelta(days=days)
