"""What the demo ends on: the agenda as the candidate and as each interviewer sees it, and the 'no'."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console, Group
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from scheduler.domain.bookings import Interview
from scheduler.domain.loops import Application, Loop
from scheduler.domain.people import Person, Room
from scheduler.domain.proposals import Proposal, ProposalState
from scheduler.services.planning.naming import title_of
from scheduler.services.telling import agenda
from scheduler.services.telling.agenda import Line
from scheduler.wiring import Runtime

PRICE = (
    "The price is in minutes, less is better: finish counts every minute until the debrief is over, the others "
    "are what each rule adds for what is not ideal (docs/instance-format.md#rules)."
)


def show(
    runtime: Runtime,
    console: Console,
    loop: Loop,
    before: Sequence[Interview],
    declined: tuple[str, str],
    refused: Loop,
) -> None:
    """Print the whole outcome of the tour."""
    with runtime.app.db.read() as tx:
        people = {p.id: p for p in tx.people.list(active=False)}
        rooms = {r.id: r for r in tx.rooms.list()}
        interviews = tx.interviews.of_loop(loop.id)
        application = tx.applications.get(loop.application)
        second = tx.applications.get(refused.application)
        proposals = tx.proposals.of_loop(loop.id)
    assert application is not None and second is not None
    console.print()
    console.print(_plans(proposals))
    console.print(_candidate(loop, application, interviews, people, rooms))
    console.print(_repair(loop, before, interviews, declined, people))
    console.print(_everybody(loop, interviews, people, rooms))
    if loop.unknown:
        names = ", ".join(people[p].name for p in loop.unknown)
        console.print(Text(f"Not asked, because the calendar cannot be read: {names}", style="yellow"))
    console.print(_refused(refused, second))


def _plans(proposals: Sequence[Proposal]) -> Table:
    table = Table(
        "",
        "when, debrief included",
        "price",
        "made of",
        "proven",
        title="The plans that were offered",
        title_justify="left",
        caption=PRICE,
        caption_justify="left",
    )
    for proposal in proposals:
        first, last = proposal.interviews[0].span.start, proposal.interviews[-1].span.end
        parts = ", ".join(f"{rule} {price}" for rule, price in proposal.price.items() if price)
        proven = "the best there is" if proposal.cost == proposal.bound else f"at best {proposal.bound}"
        chosen = proposal.state is ProposalState.CHOSEN
        mark = Text("booked", style="green") if chosen else Text(str(proposal.rank))
        end = f"{last:%H:%M}" if first.date() == last.date() else f"{last:%a %d %b %H:%M}"
        table.add_row(mark, f"{first:%a %d %b %H:%M}–{end} UTC", str(proposal.cost), parts, proven)
    return table


def _candidate(
    loop: Loop,
    application: Application,
    interviews: Sequence[Interview],
    people: dict[str, Person],
    rooms: dict[str, Room],
) -> Panel:
    lines = agenda.for_candidate(loop, application, interviews, people, rooms)
    return Panel(
        _agenda(lines, replies=False),
        title=Text(f"{application.candidate.name}'s agenda, as the candidate sees it"),
        title_align="left",
        border_style="cyan",
    )


def _agenda(lines: Sequence[Line], *, replies: bool) -> Group:
    parts: list[Text | Table] = []
    heading, table = "", Table.grid(padding=(0, 2))
    for line in lines:
        day = f"{line.due or line.start.date():%A, %d %B %Y} ({line.zone})"
        if day != heading:
            heading, table = day, Table.grid(padding=(0, 2))
            parts += [Text(day, style="bold"), table]
        people = ", ".join(
            f"{name} ({line.replies[name]})" if replies and name in line.replies else name
            for name in line.people
        )
        when = "due by its end" if line.due else f"{line.start:%H:%M}–{line.end:%H:%M}"
        table.add_row(when, line.title, line.place, people)
    return Group(*parts)


def _everybody(
    loop: Loop, interviews: Sequence[Interview], people: dict[str, Person], rooms: dict[str, Room]
) -> Panel:
    """One row per person and meeting: what is on site on the clock there, the rest on their own."""
    table = Table("who", "when", "on the clock of", "meeting", "where", "answer", box=None, padding=(0, 1))
    involved = sorted({s.person for i in interviews for s in i.seats})
    for person in involved:
        lines = agenda.for_person(person, loop, interviews, people, rooms)
        for n, line in enumerate(lines):
            name = people[person].name
            table.add_row(
                "" if n else name,
                f"{line.start:%a %d %b %H:%M}–{line.end:%H:%M}",
                Text(line.zone, style="dim"),
                line.title,
                line.place,
                line.replies.get(name, ""),
            )
    return Panel(table, title=Text("As the interviewers see it"), title_align="left", border_style="cyan")


def _repair(
    loop: Loop,
    before: Sequence[Interview],
    after: Sequence[Interview],
    declined: tuple[str, str],
    people: dict[str, Person],
) -> Panel:
    person, spec = declined
    lines = [f"{people[person].name} declined {title_of(loop.template, spec)}."]
    now = {i.spec: i for i in after}
    for old in before:
        new = now.get(old.spec)
        if new is None:
            continue
        came = {s.person for s in new.seats} - {s.person for s in old.seats}
        went = {s.person for s in old.seats} - {s.person for s in new.seats}
        if came or went:
            came_names = ", ".join(people[p].name for p in sorted(came)) or "nobody"
            went_names = ", ".join(people[p].name for p in sorted(went)) or "nobody"
            lines.append(f"{old.title}: {came_names} instead of {went_names}.")
        if old.span != new.span:
            lines.append(
                f"{old.title} moved from {old.span.start:%a %H:%M} to {new.span.start:%a %H:%M} UTC."
            )
        elif came or went:
            lines.append(f"{old.title} stays at its time.")
    return Panel("\n".join(lines), title=Text("The repair"), title_align="left", border_style="cyan")


def _refused(loop: Loop, application: Application) -> Panel:
    head = f"{application.candidate.name}, {loop.template.title}: {loop.state.value}"
    lines = [f"• {reason.text}" for reason in loop.reasons]
    if loop.fixes:
        lines.append("What would help:")
        lines += [f"  – {fix}" for fix in loop.fixes]
    return Panel(
        Text.assemble((head, "bold"), "\n", "\n".join(lines)),
        title=Text("The request that cannot be met"),
        title_align="left",
        border_style="red",
    )
