"""A company whose candidates come out of a hiring system: a stand-in server, connected."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from connectors.ashby import push as ashby
from connectors.greenhouse import push as greenhouse
from connectors.hiring import generic, smartrecruiters, teamtailor, workable
from connectors.hiring.protocol import Receiver
from connectors.lever import push as lever
from scheduler.domain.hiring.connections import Advance, Connection
from scheduler.domain.loops import Loop
from scheduler.services.hiring import arriving, connecting, mirroring
from scheduler.services.systems import Systems
from scheduler.storage.repositories.inbox import Delivery
from tests.connectors.servers.hiring.base import Applied, Server
from tests.scheduler.kit import COMPANY, Kit, make

SECRET = "a-secret-of-the-hiring-system-1"
RECEIVERS: Mapping[str, Receiver] = {
    "ashby": ashby.read,
    "generic": generic.read,
    "greenhouse": greenhouse.read,
    "lever": lever.read,
    "smartrecruiters": smartrecruiters.read,
    "teamtailor": teamtailor.read,
    "workable": workable.read,
}


@dataclass
class Hiring:
    """``kit`` is the company, ``server`` its hiring system, ``connection`` how we are connected to it."""

    kit: Kit
    server: Server
    connection: Connection

    def apply(self, name: str = "Mara Lind", email: str = "mara@example.org") -> Applied:
        return self.server.world.apply(name, email)

    def move(self, applied: Applied, stage: str) -> None:
        """A recruiter moves somebody; no webhook is sent yet."""
        self.server.world.move(applied, stage)
        self.kit.clock.now = max(self.kit.clock.now, self.server.world.now)

    def hook(self, applied: Applied, secret: str = SECRET) -> list[str]:
        """The system sends what it sends about the last change; what came in, by our ids."""
        sent = self.server.hook(applied, secret)
        return [self.send(body, headers) for body, headers in sent]

    def send(self, body: bytes, headers: Mapping[str, str]) -> str:
        message = arriving.hear(self.kit.app, self.connection.id, self.server.system, body, headers)
        return arriving.receive(self.kit.app, self.connection.id, self.server.system, message, body)[0]

    def advance(self, applied: Applied, stage: str) -> list[Delivery]:
        """Moved, told, worked on; the deliveries as they ended."""
        self.move(applied, stage)
        ids = self.hook(applied)
        self.kit.run()
        return [self.delivery(id) for id in ids]

    def delivery(self, id: str) -> Delivery:
        with self.kit.app.db.read() as tx:
            found = tx.inbox.get(id)
        assert found is not None
        return found

    def loops(self) -> list[Loop]:
        with self.kit.app.db.read() as tx:
            return sorted(tx.loops.list(limit=1000), key=lambda loop: loop.created_at)

    def advances(self) -> list[Advance]:
        with self.kit.app.db.read() as tx:
            return list(tx.advances.list(limit=1000))

    def mirror(self) -> None:
        """Have the hiring system show what became of it."""
        mirroring.watch(self.kit.app)
        self.kit.run()

    def work_again(self) -> None:
        """Time passes until what asked to be run again is."""
        self.kit.clock.forward(seconds=max((wait for _, wait in self.kit.again), default=0))
        self.kit.again.clear()
        with self.kit.app.db.read() as tx:
            waiting = tx.inbox.pending(self.kit.clock())
        for delivery in waiting:
            self.kit.jobs.waiting.append(("intake", {"delivery": delivery.id}, 0))
        self.kit.run(200)


def company_text(**policy: str) -> str:
    """The test company at example.com, with other lines of policy where given."""
    text = COMPANY.read_text(encoding="utf-8").replace("testwerk.example", "example.com")
    for name, line in policy.items():
        text = text.replace("\npolicy:\n", f"\npolicy:\n  {name}: {line}\n")
    return text


@contextmanager
def connected(folder: Path, kind: type[Server], text: str | None = None) -> Iterator[Hiring]:
    """The company, connected to a stand-in of that system."""
    kit = make(folder, text or company_text())
    with kind().running() as server:
        systems = Systems(receivers=RECEIVERS, makers={server.system: lambda _: server.connect()})
        kit.app = replace(kit.app, systems=systems)
        kit.app.db.wake = None
        for n, person in enumerate(kit.company.people, 51):
            server.world.users[server.ident(n)] = (person.name, person.email)
        made, _ = connecting.add(
            kit.app, "main", server.system, "Ours", "test", secret=SECRET, credentials={"api_key": "x"}
        )
        server.world.now = kit.clock.now + timedelta(minutes=1)
        kit.clock.now = server.world.now
        yield Hiring(kit, server, made)
        assert server.problems == []
