"""All SQL of the app: one `Database`, transactions with one repository per noun, migrations."""

from scheduler.storage.database import Database, Tx
from scheduler.storage.errors import Unavailable

__all__ = ["Database", "Tx", "Unavailable"]
