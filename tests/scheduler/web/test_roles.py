"""Pages know no roles yet: a token that was made for somebody opens none of them, whatever it may in the API."""

from __future__ import annotations

from pathlib import Path

import pytest
from fastapi.routing import APIRoute

from scheduler.domain.access.policy import Role
from scheduler.domain.loops import LoopState
from scheduler.web.main import Console
from tests.scheduler.kit import Kit, make
from tests.scheduler.web.plain import Plain
from tests.stories.kit import ask, look


@pytest.fixture
def kit(tmp_path: Path) -> Kit:
    return make(tmp_path)


def _token(plain: Plain, role: Role) -> str:
    """Of a program, or of somebody who is a person of the company."""
    wanted: dict[str, object] = {"name": "own", "user": "hana"}
    if role is Role.AUTOMATION:
        wanted = {"name": "own", "roles": [{"role": role}], "days": 7}
    else:
        account = {"name": "Hana", "email": "hana@example.com", "person": "hana", "roles": [{"role": role}]}
        assists = {"assists": ["rolf"]} if role is Role.ASSISTANT else {}
        assert plain.put("/api/v1/users/hana", json=account | assists).status_code == 200
    found: str = plain.post("/api/v1/tokens", json=wanted).json()["secret"]
    return found


@pytest.mark.parametrize("role", list(Role))
def test_no_page_is_opened_or_posted_to_by_a_token_of_a_role(kit: Kit, role: Role) -> None:
    plain, loop = Plain(kit), ask(kit, "short")
    secret = _token(plain, role)
    headers = {"authorization": f"Bearer {secret}"}
    asked = 0
    for route in Console().router.routes:
        assert isinstance(route, APIRoute)
        path = route.path.replace("{loop_id}", loop.id)
        for method in route.methods or ():
            asked += 1
            answer = plain.request(method, path, headers=headers)
            assert answer.status_code == 403, (method, path)
    assert asked > 40
    assert plain.get("/api/v1/me", headers=headers).status_code == 200
    assert look(kit, loop.id).state is LoopState.CONFIRMED


def test_the_deployments_own_token_opens_them(kit: Kit) -> None:
    assert Plain(kit).get("/today").status_code == 200
