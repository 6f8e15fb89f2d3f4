"""What stands behind the `?` of an address: a name that a route does not know is refused, never ignored."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from fastapi import Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from scheduler.domain.errors import BadInput, BadInputs
from scheduler.services.company.faults import nearest

_SHOWN = 80


def check(request: Request) -> None:
    """Refuse what the route that was asked does not know, and what is given twice.

    Raises `BadInputs` naming each: a filter that is misspelled would give more than was asked for.
    """
    route = request.scope.get("route")
    known = set(_names(route.dependant)) if isinstance(route, APIRoute) else set()
    given = Counter(name for name, _ in request.query_params.multi_items())
    faults = [_unknown(name, known) for name in given if name not in known]
    faults += [
        BadInput(n, f"is given {times} times", "give it once") for n, times in given.items() if times > 1
    ]
    if faults:
        raise BadInputs(faults)


def _names(dependant: Dependant) -> Iterator[str]:
    yield from (field.alias for field in dependant.query_params)
    for part in dependant.dependencies:
        yield from _names(part)


def _unknown(name: str, known: set[str]) -> BadInput:
    shown = name[:_SHOWN] or "query"
    if not known:
        return BadInput(shown, "is no parameter of this address", "leave it out: this address has none")
    return BadInput(shown, "is no parameter of this address", nearest(name, sorted(known)))
