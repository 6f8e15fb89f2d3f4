"""All SQL of the app: one `Database`, transactions with one repository per noun, migrations.

The database is loaded when it is first named: what can go wrong with it is also spoken of where there is
none, as by the commands that only read a file.
"""

from typing import TYPE_CHECKING, Any

from scheduler.storage.errors import Unavailable

if TYPE_CHECKING:
    from scheduler.storage.database import Database, Tx

__all__ = ["Database", "Tx", "Unavailable"]


def __getattr__(name: str) -> Any:
    """`Database` or `Tx`, named for the first time."""
    if name not in ("Database", "Tx"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from scheduler.storage import database

    return getattr(database, name)
