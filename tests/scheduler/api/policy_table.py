"""The tables of `docs/access.md`, made from the policy and the routes; run as a module it writes them there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from scheduler.api.access import OPEN, Action, action_of
from scheduler.api.common import BASE
from scheduler.api.main import ROUTERS
from scheduler.domain.access.policy import Reach, Role, reach
from scheduler.web.frame.acts import Acts
from scheduler.web.main import Console

PAGE = Path(__file__).parents[3] / "docs" / "access.md"
BEGIN, END = "<!-- made from the policy -->", "<!-- end -->"
SAID = {Reach.NONE: "–", Reach.OWN: "own", Reach.ALL: "all"}


def dependencies(dependant: Dependant) -> list[Dependant]:
    return [d for part in dependant.dependencies for d in (part, *dependencies(part))]


def routes() -> Iterator[tuple[str, APIRoute, Action, bool]]:
    """Method, route, its declared action, and whether it narrows what it gives by itself."""
    for router in ROUTERS:
        for route in router.routes:
            assert isinstance(route, APIRoute)
            for call in (d.call for d in dependencies(route.dependant)):
                action = action_of(call)
                if action is not None:
                    for method in sorted(route.methods):
                        yield method, route, action, bool(getattr(call, "narrows", False))


def tables() -> str:
    roles = [*Role]
    lines = ["| | " + " | ".join(r.value.replace("_", " ") for r in roles) + " |", "|---" * 9 + "|"]
    for action in Action:
        said = "everybody" if action in OPEN else None
        cells = [said or SAID[reach(role, action)] for role in roles]
        lines.append(f"| *{action.value.replace('_', ' ')}* | " + " | ".join(cells) + " |")
    narrow = [f"`{m} {route.path.removeprefix(BASE)}`" for m, route, _, narrows in routes() if narrows]
    lines += ["", f"Narrow by themselves: {', '.join(narrow)}.", "", "Pages of the console:", ""]
    return "\n".join([*lines, *pages()])


def pages() -> Iterator[str]:
    """Which page does what."""
    found: dict[Action, list[str]] = {}
    narrow = []
    for route in Console().router.routes:
        assert isinstance(route, APIRoute)
        (declared,) = [d.dependency for d in route.dependencies if isinstance(d.dependency, Acts)]
        for method in sorted(route.methods):
            said = f"`{method} {route.path}`"
            found.setdefault(declared.of(method, route.path), []).append(said)
            narrow += [said] if declared.narrow(method, route.path) else []
    yield "| | pages |"
    yield "|---|---|"
    for action in Action:
        if action in found:
            yield f"| *{action.value.replace('_', ' ')}* | {', '.join(found[action])} |"
    yield ""
    yield f"Narrow by themselves: {', '.join(narrow)}."


def written(text: str) -> str:
    """The page with the tables as they are now."""
    head, _, rest = text.partition(BEGIN)
    return f"{head}{BEGIN}\n{tables()}\n{END}{rest.partition(END)[2]}"


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text()))
