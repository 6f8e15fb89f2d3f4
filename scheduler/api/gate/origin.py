"""Whether a request that a cookie vouches for was made by a page of this deployment.

A browser sends cookies along with whatever any page makes it ask: a page of another port of this machine is
"same-site" and gets past SameSite. Whoever follows a link to a page, from a mail say, comes from elsewhere too:
that is let in where it is a look at a page in a window of its own. Browsers say in `Origin` and `Sec-Fetch-Site`, which no page can set, who
asked (https://fetch.spec.whatwg.org/#origin-header, https://www.w3.org/TR/fetch-metadata/).
"""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import Scope

_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+)(?::[0-9]{1,5})?")
_READS = frozenset({"GET", "HEAD"})
API = "/api/"
"""Where programs ask; every other address is a page's."""


def named(base_url: str) -> str:
    """The ``Host`` that browsers send to the deployment's own address; empty where it has none."""
    return urlsplit(base_url).netloc.lower().removesuffix(":443")


def foreign(scope: Scope, base_url: str) -> str | None:
    """Why the request is refused, as ``field: fault; fix``; ``None`` where it is ours."""
    headers = Headers(scope=scope)
    hosts = headers.getlist("host")
    host = hosts[0].lower() if len(hosts) == 1 else ""
    own = named(base_url)
    if not (_is_local(host) or (own and host == own)):
        return "host: names another machine; open the API at its own address, or set LOOPWRIGHT_BASE_URL"
    origin, site = headers.get("origin"), headers.get("sec-fetch-site")
    ours = {f"{scope['scheme']}://{host}"} | ({f"https://{own}"} if own else set())
    allowed = {"same-origin", "none"} if scope["method"] in _READS else {"same-origin"}
    if _follows_a_link(scope, headers):
        return None
    told = origin is not None or site is not None or scope["method"] in _READS
    if not told or (origin is not None and origin not in ours) or (site is not None and site not in allowed):
        return "origin: another page made this request; send the API token as a bearer token in programs"
    return None


def _follows_a_link(scope: Scope, headers: Headers) -> bool:
    """Whether somebody opens a page in a window of its own, from wherever: it changes nothing, and whoever sent
    them cannot read it. A frame has another destination."""
    told = (headers.get("sec-fetch-mode"), headers.get("sec-fetch-dest"))
    return (
        scope["method"] in _READS
        and not scope["path"].startswith(API)
        and headers.get("origin") is None
        and told == ("navigate", "document")
    )


def _is_local(host: str) -> bool:
    """Whether a ``Host`` names this machine: ``localhost`` or a loopback address, with or without a port."""
    found = _HOST.fullmatch(host)
    if not found:
        return False
    name = found[1].strip("[]")
    if name.removesuffix(".") == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
