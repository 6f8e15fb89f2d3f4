"""`./dev bench pages`: the candidate's choosing page beside one solve, and 100 candidates who choose at once.

    ./dev bench pages [--looks 200] [--candidates 100]

Prints one solve of a five-interview loop (50 people, 14 days), the page's p50 and p95 over HTTP, and their ratio, which is
what counts: the seconds are those of this machine at this moment. Then all candidates click at once; ends with status 1
where somebody was booked twice, or the page is slower than five solves at p95.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import httpx2  # noqa: E402
import uvicorn  # noqa: E402

from scheduler.api.main import create_app  # noqa: E402
from scheduler.config import Settings  # noqa: E402
from scheduler.domain.guests.links import Purpose  # noqa: E402
from scheduler.domain.loops import BookMode, Candidate, Loop  # noqa: E402
from scheduler.domain.proposals import ProposalState  # noqa: E402
from scheduler.services import opening  # noqa: E402
from scheduler.services.asking import requests  # noqa: E402
from scheduler.services.asking.requests import LoopRequest  # noqa: E402
from scheduler.storage import invariants  # noqa: E402
from scheduler.web.main import Console  # noqa: E402
from scheduler.workers.tasks import tasks  # noqa: E402
from tests.nginx_server import free_port  # noqa: E402
from tests.scheduler.kit import Kit, make  # noqa: E402
from tests.stories.kit import MARA  # noqa: E402

PEOPLE, MOST = 50, 5.0
"""How many can be asked; how many solves the page's p95 may take."""
_PERSON = "  - {{id: p{n:02}, name: Person {n:02}, email: p{n:02}@testwerk.example}}"
_STEP = "      - {{id: s{n}, title: Interview {n}, minutes: 60, modality: video, seats: [{{pool: all}}]}}"
FORM = {"content-type": "application/x-www-form-urlencoded"}


def company() -> str:
    """Fifty people, a template of five interviews and one of a single talk."""
    people = "\n".join(_PERSON.format(n=n) for n in range(PEOPLE))
    steps = "\n".join(_STEP.format(n=n) for n in range(5))
    pool = ", ".join(f"p{n:02}" for n in range(PEOPLE))
    return f"""company: {{name: Testwerk, organizer: interviews@testwerk.example}}
defaults: {{site: berlin, hours: mon-fri 09:00-17:00, max_day: 3, max_week: 9}}
sites: [{{id: berlin, name: Berlin, zone: Europe/Berlin, hours: mon-fri 08:00-19:00}}]
people:
  - {{id: hana, name: Hana Maier, email: hana@testwerk.example}}
  - {{id: rolf, name: Rolf Reck, email: rolf@testwerk.example}}
{people}
pools:
  - {{id: all, name: All, qualified: [{pool}]}}
  - {{id: few, name: Few, qualified: [p00, p01, p02, p03]}}
templates:
  - id: five
    title: Five interviews
    notice_hours: 1
    interviews:
{steps}
  - id: one
    title: One talk
    notice_hours: 1
    interviews:
      - {{id: talk, title: Talk, minutes: 45, modality: video, seats: [{{pool: few}}]}}
    debrief: false
policy: {{undo_minutes: 0, alternatives: 3}}
"""


def asked(kit: Kit, template: str, n: int, last: int) -> Loop:
    """A loop of a candidate of its own."""
    days = [d for d in range(9, last + 1) if d % 7 not in (0, 1)]
    windows = [(f"2026-03-{d:02}T09:00", f"2026-03-{d:02}T17:00") for d in days]
    who = replace(MARA, id=f"app-{n}", candidate=Candidate(f"C {n}", f"c{n}@example.org", "Europe/Berlin"))
    request = LoopRequest(who, template, windows, "Europe/Berlin", BookMode.PROPOSE)
    return requests.ask(kit.app, request, "person:rolf")


def planned(kit: Kit, template: str, n: int, last: int) -> tuple[Loop, float]:
    """The same with its plans on offer, and how long the first of them took: calendars read, one solve, plan kept."""
    loop, table = asked(kit, template, n, last), tasks(kit.app)
    name, payload, _ = kit.jobs.waiting.pop(0)
    began = time.perf_counter()
    table[name](payload)
    seconds = time.perf_counter() - began
    kit.run(500)
    return loop, seconds


def door(kit: Kit, loop: Loop) -> tuple[str, str]:
    """The path of the candidate's page, and the best plan on it."""
    with kit.app.db.write() as tx:
        path = opening.make(kit.app, tx, Purpose.CHOOSE, "person:rolf", loop=loop.id)[1]
        plans = [p for p in tx.proposals.of_loop(loop.id) if p.state is ProposalState.OFFERED]
    return path, min(plans, key=lambda p: p.rank).id


@contextmanager
def serving(kit: Kit) -> Iterator[str]:
    settings = Settings(data=kit.folder.parent / "data", api_token="a-token-of-the-benchmark-1")
    app, port = create_app(kit.app, settings, pages=Console()), free_port()
    server = uvicorn.Server(
        uvicorn.Config(app, host="127.0.0.1", port=port, log_level="error", lifespan="off")
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(20)


def looks(address: str, path: str, count: int) -> list[float]:
    """Seconds of each look at the page."""
    found = []
    with httpx2.Client(base_url=address, timeout=30) as client:
        for _ in range(count):
            began = time.perf_counter()
            client.get(path).raise_for_status()
            found.append(time.perf_counter() - began)
    return sorted(found)


def clicks(address: str, doors: list[tuple[str, str]]) -> tuple[Counter[int], float]:
    """Every candidate chooses the best plan of their page at the same moment: the answers, and seconds for all."""
    answers: Counter[int] = Counter()
    together, lock = threading.Barrier(len(doors) + 1), threading.Lock()

    def one(path: str, plan: str) -> None:
        with httpx2.Client(base_url=address, timeout=120) as client:
            together.wait()
            status = client.post(f"{path}/choose", content=f"plan={plan}", headers=FORM).status_code
        with lock:
            answers[status] += 1

    threads = [threading.Thread(target=one, args=pair) for pair in doors]
    for thread in threads:
        thread.start()
    together.wait()
    began = time.perf_counter()
    for thread in threads:
        thread.join()
    return answers, time.perf_counter() - began


def main() -> int:
    parser = argparse.ArgumentParser(prog="./dev bench pages")
    parser.add_argument("--looks", type=int, default=200)
    parser.add_argument("--candidates", type=int, default=100)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="loopwright-pages-") as folder:
        kit = make(Path(folder) / "company", company())
        planned(kit, "one", 0, 10)  # everything is imported by then
        loop, solve = planned(kit, "five", 1, 20)
        with serving(kit) as address:
            found = looks(address, door(kit, loop)[0], given.looks)
            p50, p95 = statistics.median(found), found[int(len(found) * 0.95) - 1]
            ratio = p95 / solve
            print(f"one solve, calendars read and the plan kept: {solve * 1000:.0f} ms")
            print(f"the choosing page: p50 {p50 * 1000:.1f} ms, p95 {p95 * 1000:.1f} ms: {ratio:.2f} solves")
            doors = [door(kit, planned(kit, "one", n, 10)[0]) for n in range(100, 100 + given.candidates)]
            answers, seconds = clicks(address, doors)
            kit.app.later.close()
            kit.run(2000)
        with kit.app.db.read() as tx:
            wrong = invariants.check(tx)
        told = ", ".join(f"{n} × {status}" for status, n in sorted(answers.items()))
        print(
            f"{len(doors)} candidates at once: {told} in {seconds:.2f} s (303: theirs; 409: a fresh choice)"
        )
        print(f"what does not hold: {wrong or 'nothing'}")
    return 1 if wrong or ratio > MOST or set(answers) - {303, 409} else 0


if __name__ == "__main__":
    sys.exit(main())
