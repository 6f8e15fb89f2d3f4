"""`loopwright`: every command and its options."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scheduler.cli import by_hand
from scheduler.cli.accounts import commands as accounts
from scheduler.cli.faults import Commands, told
from scheduler.cli.options import Data, Json
from scheduler.cli.privacy import privacy
from scheduler.domain.people import Mode

app = typer.Typer(
    name="loopwright",
    cls=Commands,
    help="Plans and books interview loops.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.command()
def demo(
    data: Data = None,
    once: Annotated[bool, typer.Option(help="Stop after the tour instead of serving on.")] = False,
    port: Annotated[int, typer.Option(help="Port of the API; 0 takes a free one.")] = 8080,
    fresh: Annotated[bool, typer.Option(help="Forget an earlier demo in this folder.")] = False,
    seed: Annotated[int | None, typer.Option(help="Seed of the calendars.")] = None,
) -> None:
    """Make a company with calendars, book a loop, repair it, and serve the API."""
    from scheduler.cli.demo import run

    with told():
        run(data or Path(".loopwright"), once=once, port=port, fresh=fresh, seed=seed)


@app.command()
def serve(
    data: Data = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on.")] = None,
    work: Annotated[bool, typer.Option(help="Also run the jobs in this process.")] = True,
) -> None:
    """Serve the API (and, unless --no-work, run the jobs in the same process)."""
    from scheduler.cli.serve import run

    with told():
        run(data, host, port, work=work)


@app.command()
def address(
    data: Data = None,
    host: Annotated[str | None, typer.Option(help="Address that `serve` listens on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port that `serve` listens on.")] = None,
) -> None:
    """Print an address that lets one browser in, once, and how programs ask."""
    from scheduler.cli.address import run

    with told():
        run(data, host, port)


@app.command()
def login(
    user: Annotated[str, typer.Argument(help="The id of the account, as `loopwright users` lists it.")],
    data: Data = None,
    host: Annotated[str | None, typer.Option(help="Address that `serve` listens on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port that `serve` listens on.")] = None,
) -> None:
    """Print a link that signs one account in, once, within the hour."""
    from scheduler.cli.address import login

    with told():
        login(data, user, host, port)


@app.command()
def work(
    data: Data = None,
    name: Annotated[str | None, typer.Option(help="Name of this worker.")] = None,
) -> None:
    """Run jobs: planning, booking, repairs, replies."""
    from scheduler.cli.serve import run_worker

    with told():
        run_worker(data, name)


@app.command()
def migrate(data: Data = None) -> None:
    """Bring the database's schema to its newest form."""
    from scheduler.cli.company import run_migrate

    with told():
        run_migrate(data)


@app.command()
def load(
    file: Annotated[Path, typer.Argument(help="The company file (YAML or TOML).")],
    data: Data = None,
    check: Annotated[bool, typer.Option("--check", help="Only read and check it.")] = False,
) -> None:
    """Read a company file: people, pools, rooms, templates, policy."""
    from scheduler.cli.company import run_load

    with told():
        run_load(file, data, check=check)


@app.command()
def doctor(
    data: Data = None,
    json_: Json = False,
    repair: Annotated[
        bool, typer.Option("--repair", help="Mend what can be mended, and say what was done.")
    ] = False,
    head: Annotated[
        Path | None, typer.Option(help="A file of chain heads that was kept elsewhere.", metavar="FILE")
    ] = None,
) -> None:
    """Check settings, files, database, calendars and the promises of the data."""
    from scheduler.cli.doctor import run

    with told():
        run(data, as_json=json_, repair=repair, head=head)


@app.command()
def archive(
    data: Data = None,
    days: Annotated[
        int | None, typer.Option(help="How long it has been over; default: LOOPWRIGHT_ARCHIVE_DAYS.")
    ] = None,
) -> None:
    """Put away what is over: events in local calendars, mails in the outbox, jobs that are done."""
    from scheduler.cli.archive import run

    with told():
        run(data, days)


@app.command()
def busy(
    people: Annotated[list[str], typer.Argument(help="Ids or addresses of people or rooms.")],
    start: Annotated[str, typer.Option("--from", help="First day or time (2026-03-30 or 2026-03-30T09:00).")],
    end: Annotated[str, typer.Option("--to", help="End, exclusive; a day counts whole.")],
    zone: Annotated[str, typer.Option(help="Zone of --from and --to; default: each person's.")] = "",
    data: Data = None,
    json_: Json = False,
) -> None:
    """Who is busy when, as their calendars say: known or unknown, with every verdict."""
    from scheduler.cli.busy import run

    with told():
        run(data, people, start, end, zone, as_json=json_)


@app.command()
def attention(
    owner: Annotated[str | None, typer.Option(help="Who looks after it; - for what nobody does.")] = None,
    kind: Annotated[list[str], typer.Option(help="Only this kind; repeat it.")] = [],  # noqa: B006
    zone: Annotated[str, typer.Option(help="On whose clock times are told; default: UTC.")] = "",
    limit: Annotated[int, typer.Option(help="The most rows.", min=1, max=1000)] = 50,
    data: Data = None,
    json_: Json = False,
) -> None:
    """What needs a person now, the most urgent first."""
    from scheduler.cli.attention import run

    with told():
        run(data, owner, kind, zone, limit, as_json=json_)


app.add_typer(accounts.tokens, name="tokens")
app.add_typer(accounts.users, name="users")
app.add_typer(accounts.keys, name="keys")
app.add_typer(privacy, name="privacy")

app.add_typer(by_hand.commands)
batch = typer.Typer(help="Several loops planned as one: a superday, a day on a campus.", no_args_is_help=True)
app.add_typer(batch, name="batch")
Batch = Annotated[str, typer.Argument(help="The id of the batch.")]
Loops = Annotated[list[str], typer.Argument(help="Ids of loops.")]
Weigh = Annotated[list[str], typer.Option("--priority", help="ID=1 (least) to ID=3 (most); repeat it.")]
Lock = Annotated[list[str], typer.Option(help="A loop that keeps the plan it is offered; repeat it.")]


@batch.command("ask")
def batch_ask(
    start: Annotated[str, typer.Option("--from", help="Where the window begins (2026-03-30T09:00).")],
    end: Annotated[str, typer.Option("--to", help="Where it ends.")],
    zone: Annotated[str, typer.Option(help="Zone of --from and --to.")],
    loops: Loops = [],  # noqa: B006
    application: Annotated[list[str], typer.Option(help="One that gets a loop; repeat it.")] = [],  # noqa: B006
    template: Annotated[str, typer.Option(help="The loop that the applications get.")] = "",
    lock: Lock = [],  # noqa: B006
    priority: Weigh = [],  # noqa: B006
    seconds: Annotated[int, typer.Option(help="The most time for a plan of all.", min=1, max=600)] = 30,
    data: Data = None,
    json_: Json = False,
) -> None:
    """Ask for one plan of several loops; the jobs of `serve` or `work` make it."""
    from scheduler.cli.batch import ask, priorities
    from scheduler.services.asking.batches import BatchRequest

    with told():
        weigh = priorities(priority)
        ask(
            data,
            BatchRequest((start, end), zone, loops, application, template, lock, weigh, seconds),
            as_json=json_,
        )


@batch.command("show")
def batch_show(batch_id: Batch, data: Data = None, json_: Json = False) -> None:
    """How far a batch is, what each loop is offered, and why one is left out."""
    from scheduler.cli.batch import show

    with told():
        show(data, batch_id, as_json=json_)


@batch.command("choose")
def batch_choose(batch_id: Batch, data: Data = None, json_: Json = False) -> None:
    """Say yes to the whole plan."""
    from scheduler.cli.batch import choose

    with told():
        choose(data, batch_id, as_json=json_)


@batch.command("repack")
def batch_repack(
    batch_id: Batch,
    lock: Lock = [],  # noqa: B006
    leave_out: Annotated[list[str], typer.Option(help="A loop that leaves the batch; repeat it.")] = [],  # noqa: B006
    priority: Weigh = [],  # noqa: B006
    data: Data = None,
    json_: Json = False,
) -> None:
    """Plan what is not booked once more, around what is."""
    from scheduler.cli.batch import repack

    with told():
        repack(data, batch_id, lock, leave_out, priority, as_json=json_)


@batch.command("cancel")
def batch_cancel(batch_id: Batch, data: Data = None, json_: Json = False) -> None:
    """Call a batch off; what is booked stays booked."""
    from scheduler.cli.batch import cancel

    with told():
        cancel(data, batch_id, as_json=json_)


inbox = typer.Typer(help="What came in by webhook.", no_args_is_help=True)
app.add_typer(inbox, name="inbox")
Delivery = Annotated[str, typer.Argument(help="The id of the message.")]


@inbox.command("list")
def inbox_list(
    connection: Annotated[str | None, typer.Option(help="Only what this connection sent.")] = None,
    outcome: Annotated[str | None, typer.Option(help="Only those whose outcome begins so.")] = None,
    pending: Annotated[bool, typer.Option("--pending", help="Only those that wait.")] = False,
    limit: Annotated[int, typer.Option(help="How many.", min=1, max=1000)] = 50,
    data: Data = None,
    json_: Json = False,
) -> None:
    """What came in, the newest first, and what became of it."""
    from scheduler.cli.hiring.inbox import listed

    with told():
        listed(data, connection, outcome, pending=pending, limit=limit, as_json=json_)


@inbox.command("show")
def inbox_show(delivery_id: Delivery, data: Data = None, json_: Json = False) -> None:
    """One message with its body."""
    from scheduler.cli.hiring.inbox import show

    with told():
        show(data, delivery_id, as_json=json_)


@inbox.command("replay")
def inbox_replay(delivery_id: Delivery, data: Data = None, json_: Json = False) -> None:
    """Work on a message once more; the jobs of `serve` or `work` do it."""
    from scheduler.cli.hiring.inbox import replay

    with told():
        replay(data, delivery_id, as_json=json_)


automations = typer.Typer(help="What a stage of a hiring system asks for.", no_args_is_help=True)
app.add_typer(automations, name="automations")
Automation = Annotated[str | None, typer.Argument(help="Its id; without one, all of them.")]


@automations.command("list")
def automations_list(data: Data = None, json_: Json = False) -> None:
    """Every automation, and which are paused."""
    from scheduler.cli.hiring.automations import listed

    with told():
        listed(data, as_json=json_)


@automations.command("try")
def automations_try(
    file: Annotated[Path, typer.Argument(help="The body of a recorded message.")],
    connection: Annotated[str | None, typer.Option(help="The hiring system that sent it.")] = None,
    data: Data = None,
    json_: Json = False,
) -> None:
    """Say what a recorded message would do; nothing is done."""
    from scheduler.cli.hiring.automations import tried

    with told():
        tried(data, file, connection, as_json=json_)


@automations.command("pause")
def automations_pause(automation_id: Automation = None, data: Data = None) -> None:
    """Start nothing more; what comes meanwhile waits."""
    from scheduler.cli.hiring.automations import pause

    with told():
        pause(data, automation_id)


@automations.command("resume")
def automations_resume(automation_id: Automation = None, data: Data = None) -> None:
    """Go on; what waited is looked at now."""
    from scheduler.cli.hiring.automations import resume

    with told():
        resume(data, automation_id)


@app.command()
def connect(
    provider: Annotated[str, typer.Argument(help="google or outlook.")],
    mode: Annotated[Mode, typer.Option(help="What it may see of calendars.")] = Mode.TYPED,
    rooms: Annotated[bool, typer.Option("--rooms", help="Also read the directory of rooms.")] = False,
    client: Annotated[Path | None, typer.Option(help="The client file, if it is not kept already.")] = None,
    port: Annotated[int, typer.Option(help="Port the browser comes back to; 0 takes a free one.")] = 8765,
    wait: Annotated[float, typer.Option(help="Seconds to wait for the browser.", min=1)] = 300.0,
    paste: Annotated[
        bool, typer.Option("--paste", help="Paste the answer; the browser is elsewhere.")
    ] = False,
    redirect: Annotated[str, typer.Option(help="With --paste: another registered redirect address.")] = "",
    data: Data = None,
) -> None:
    """Let Loopwright use one person's calendar, with their consent."""
    from scheduler.cli.connect import Wanted, run

    with told():
        run(provider, data, Wanted(mode, rooms, client, port, wait, paste, redirect))


@app.command()
def solve(
    instance: Annotated[Path, typer.Argument(help="A problem in the public format, .json or .json.gz.")],
    time_limit: Annotated[float, typer.Option(help="Seconds.", min=0.001)] = 20.0,
    alternatives: Annotated[int, typer.Option(help="How many plans.", min=1, max=50)] = 1,
    repair: Annotated[Path | None, typer.Option(help="A plan to mend.")] = None,
    decline: Annotated[list[str] | None, typer.Option(help="PERSON@SESSION who declined.")] = None,
    explain: Annotated[bool, typer.Option(help="Say why it cannot be met and what would help.")] = False,
    out: Annotated[Path | None, typer.Option(help="Write the plan there.")] = None,
    seed: Annotated[int, typer.Option(help="Same seed, same answer.")] = 1,
    workers: Annotated[int, typer.Option(help="Solver threads.", min=1)] = 1,
    json_: Json = False,
) -> None:
    """Solve a packing problem: the plan, its price per rule, and the bound."""
    from scheduler.cli.solve import Question, run

    with told():
        run(
            Question(
                instance, time_limit, alternatives, repair, tuple(decline or ()), explain, seed, workers
            ),
            out,
            as_json=json_,
        )


if __name__ == "__main__":
    app()
