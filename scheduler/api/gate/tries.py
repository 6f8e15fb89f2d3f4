"""What is counted within a minute, by who it is, in a table that does not grow with those who try: wrong tokens by
address, requests by token, link or connection."""

from __future__ import annotations

import ipaddress
import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable

FREE = 10
"""Wrong tokens of one address within `WINDOW` that are answered like any other mistake."""
WINDOW = 60.0
"""Seconds."""
MOST = 4096
"""Addresses remembered; for one more the longest known is forgotten."""


class Tries:
    """Counts up to ``free`` within a window from the first on."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, free: int = FREE) -> None:
        self._clock, self._free = clock, free
        self._seen: OrderedDict[str, tuple[float, int]] = OrderedDict()
        self._lock = threading.Lock()

    def wrong(self, address: str) -> int:
        """Note one more failure of an address, as `one_more` does. Whoever has the token never gets here, whoever shares
        an address with them."""
        return self.one_more(_network(address))

    def one_more(self, key: str) -> int:
        """Note one more; the whole seconds to wait before the next is looked at kindly, or 0."""
        now = self._clock()
        with self._lock:
            since, count = self._seen.get(key, (now, 0))
            if now - since >= WINDOW:
                since, count = now, 0
                self._seen.pop(key, None)
            self._seen[key] = (since, count + 1)
            while len(self._seen) > MOST:
                self._seen.popitem(last=False)
        return math.ceil(since + WINDOW - now) if count >= self._free else 0


def _network(address: str) -> str:
    """Who counts as one: an IPv4 address, or the 64 bits of IPv6 that one household has."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return ""
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped:
            return str(found.ipv4_mapped)
        return str(ipaddress.ip_network((found, 64), strict=False))
    return str(found)
