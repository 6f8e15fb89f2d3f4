"""Makes the stored company another one, and has what is booked looked after."""

from __future__ import annotations

from scheduler.domain.company import Company
from scheduler.services import jobs
from scheduler.services.app import App
from scheduler.storage.database import Tx


def load(app: App, tx: Tx, company: Company) -> None:
    """Store the company as it is now. Where somebody, or a room, that is booked is no longer of it, the
    loops concerned are looked at as soon as the transaction is over."""
    tx.company.replace(company, app.clock())
    if tx.interviews.without_somebody(app.clock()):
        jobs.left(app, tx)
