"""Which release of the zone rules this process goes by: the newest of those it can reach.

`zoneinfo` looks into the machine's folders first and into the package ``tzdata`` last (PEP 615), so a
machine that is seldom updated would overrule the release pinned here. Importing `connectors` or
`scheduler` calls `take_newest`, and so does every process: the service, a worker, the command line, a
migration, and a solving child, which is forked from a server that has imported them.
"""

from __future__ import annotations

import re
import zoneinfo
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import tzdata

PACKAGE = "the package tzdata"

_STATED = (
    ("+VERSION", re.compile(r"\s*(\d{4}[a-z]+)")),
    ("version", re.compile(r"\s*(\d{4}[a-z]+)")),
    ("tzdata.zi", re.compile(r"# version (\d{4}[a-z]+)")),
)
"""Where a folder of compiled zones says its release: macOS and the BSDs, the source distribution, and what
``make install`` of IANA's tz puts beside the zones since 2017."""


@dataclass(frozen=True, slots=True)
class Rules:
    """A release of the zone rules: a folder or `PACKAGE`, and its name (``2026f``) where it says one."""

    where: str
    release: str | None

    @property
    def age(self) -> tuple[int, int, str]:
        """Sorts releases by time: ``2025z`` < ``2025za`` < ``2026a``; one without a name comes first."""
        name = self.release or "0000"
        return int(name[:4]), len(name), name

    def __str__(self) -> str:
        return f"{self.release or 'an unnamed release'} in {self.where}"


@dataclass(frozen=True, slots=True)
class Choice:
    """What is gone by, and what was found and passed over."""

    used: Rules
    passed: tuple[Rules, ...]


def stated(folder: Path) -> str | None:
    """The release that a folder of compiled zones says it holds; ``None`` where it does not say."""
    for name, pattern in _STATED:
        try:
            with (folder / name).open(encoding="ascii", errors="replace") as file:
                found = pattern.match(file.readline(80))
        except OSError:
            continue
        if found:
            return found.group(1)
    return None


@cache
def take_newest() -> Choice:
    """Point `zoneinfo` at the newest rules, once in a process, and say what was chosen.

    A folder counts when it says a release newer than the package's. One that does not say is passed
    over: rules that differ do not show which of them are the later ones, and the package's release is
    known. What a folder lacks is still found in the package.
    """
    package = Rules(PACKAGE, tzdata.IANA_VERSION)
    folders = [Rules(path, stated(Path(path))) for path in zoneinfo.TZPATH if Path(path).is_dir()]
    newer = sorted((f for f in folders if f.age > package.age), key=lambda f: f.age, reverse=True)
    zoneinfo.reset_tzpath([f.where for f in newer])
    zoneinfo.ZoneInfo.clear_cache()
    used, *behind = [*newer, package]
    return Choice(used, (*behind, *(f for f in folders if f not in newer)))
