"""What the database itself can do wrong, as opposed to what is wrong with a request."""

from __future__ import annotations


class Unavailable(Exception):
    """The database cannot be reached, is locked, full, or chose this transaction as the victim of a
    deadlock. Nothing of the transaction was kept, unless the connection was lost while committing
    (then it may have been): do the same again after a moment, by a way that may be done twice."""
