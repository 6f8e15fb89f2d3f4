"""What an erasure leaves to others: systems and files that this program cannot reach, or is not to change.

Told by `tests/scheduler/services/privacy/test_erasing.py`.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from scheduler.storage.database import Tx

_BINS = {
    "google": "Google keeps deleted events in the bin of each calendar for up to 30 days; it empties by itself.",
    "outlook": "Exchange keeps deleted events among the recoverable items for 14 days, or as your policy says.",
}
_ALWAYS = (
    "Mails that were sent, and what was answered to them, lie in the mailboxes of whoever got them, and perhaps in the mail server's log.",
    "Backups of the database and of the data folder hold the candidate until they run out; after a restore, erase again.",
)


def lines(tx: Tx) -> tuple[str, ...]:
    """What is to be done elsewhere, a line each, by what is connected now. Nobody is named in them."""
    found = [
        f"Delete the candidate in {c.system} ({c.name or c.id}) too: it would tell us of them again."
        for c in tx.hiring.list()
    ]
    found += [
        f"{urlsplit(hook.url).hostname} was told of their interviews by webhooks; have its owner delete them."
        for hook in tx.hooks.list()
    ]
    if tx.company.loaded_at() is not None:
        providers = {
            tx.company.organizer().provider,
            *(p.account.provider for p in tx.people.list(active=False)),
        }
        found += [text for provider, text in _BINS.items() if provider in providers]
    return (*dict.fromkeys(found), *_ALWAYS)
