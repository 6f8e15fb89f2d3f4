"""What the tests of push share: the API as the services reach it, and subscriptions as they are kept."""

from __future__ import annotations

from starlette.testclient import TestClient

from scheduler.api.main import create_app
from scheduler.config import Settings
from scheduler.domain.subscriptions import Subscription
from scheduler.services.afterwards import push
from tests.scheduler.mixed import BASE_URL, ORGANIZER, Mixed

GOOGLE, MICROSOFT = "/api/v1/push/google", "/api/v1/push/microsoft"


def client(world: Mixed) -> TestClient:
    """The API as the services reach it: from outside, without any token of ours."""
    settings = Settings(
        api_token="a-token-that-is-long-enough-1",
        base_url=world.kit.app.base_url,
        data=world.kit.folder.parent,
    )
    return TestClient(create_app(world.kit.app, settings), base_url=BASE_URL, client=("203.0.113.7", 4711))


def validated(world: Mixed, url: str, token: str) -> str | None:
    assert url == BASE_URL + MICROSOFT
    answer = client(world).post(
        MICROSOFT,
        params={"validationToken": token},
        content="Validation: is anybody there?",
        headers={"content-type": "text/plain; charset=utf-8"},
    )
    assert answer.headers["content-type"].startswith("text/plain")
    return answer.text if answer.status_code == 200 else None


def kept(world: Mixed) -> list[Subscription]:
    with world.kit.app.db.read() as tx:
        return tx.subscriptions.list()


def subscribed(world: Mixed) -> Subscription:
    """One subscription, with the jobs that it caused done, a moment ago."""
    push.ensure(world.kit.app)
    world.kit.run()
    world.kit.clock.forward(seconds=10)
    (found,) = kept(world)
    return found


def waiting(world: Mixed) -> list[str]:
    return [name for name, _, _ in world.kit.jobs.waiting]


def lost(world: Mixed, url: str = BASE_URL + MICROSOFT) -> str:
    """A subscription that Microsoft made and whose id never reached us."""
    service = push.service(world.kit.app, "outlook")
    assert service is not None
    return service.subscribe(ORGANIZER, url).id
