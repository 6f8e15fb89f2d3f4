"""`loopwright tokens`, `loopwright users` and `loopwright keys`: who may ask, and what seals secrets.

Told by `tests/scheduler/cli/test_accounts.py`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scheduler.cli.faults import told

Data = Annotated[Path | None, typer.Option("--data", help="Folder of everything that is kept.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
_ROLE = "A role: admin, recruiter, …; repeat it."
Roles = Annotated[list[str], typer.Option("--role", help=_ROLE)]
Jobs = Annotated[list[str], typer.Option("--job", help="Only for this job; repeat it.")]
Sites = Annotated[list[str], typer.Option("--site", help="Only for this site; repeat it.")]

tokens = typer.Typer(help="Tokens that programs and people ask with.", no_args_is_help=True)
users = typer.Typer(help="Accounts of people, with their roles.", no_args_is_help=True)

keys = typer.Typer(
    help="The keys that seal the secrets of hiring systems and webhooks.", no_args_is_help=True
)


@keys.command("rotate")
def keys_rotate(data: Data = None) -> None:
    """Make a new key and seal every secret with it, while everything runs."""
    from scheduler.cli.accounts.doing import rotate_keys

    with told():
        rotate_keys(data)


@tokens.command("list")
def tokens_list(data: Data = None, json_: Json = False) -> None:
    """Every token, until when it works and when it was last used."""
    from scheduler.cli.accounts.doing import list_tokens

    with told():
        list_tokens(data, as_json=json_)


@tokens.command("add")
def tokens_add(
    name: Annotated[str, typer.Argument(help="What it is for.")],
    role: Roles = [],  # noqa: B006
    job: Jobs = [],  # noqa: B006
    site: Sites = [],  # noqa: B006
    user: Annotated[str, typer.Option(help="Instead of roles: the account that it belongs to.")] = "",
    days: Annotated[int, typer.Option(help="How long it works.", min=1, max=366)] = 90,
    data: Data = None,
    json_: Json = False,
) -> None:
    """Make a token and print its secret, once."""
    from scheduler.cli.accounts.doing import Roles as Given
    from scheduler.cli.accounts.doing import add_token

    with told():
        add_token(data, name, Given(role, job, site), user, days, as_json=json_)


@tokens.command("revoke")
def tokens_revoke(
    token_id: Annotated[str, typer.Argument(help="Its id, as listed.")], data: Data = None
) -> None:
    """Take a token back: it opens nothing any more."""
    from scheduler.cli.accounts.doing import revoke_token

    with told():
        revoke_token(data, token_id)


@users.command("list")
def users_list(data: Data = None, json_: Json = False) -> None:
    """Every account with its roles."""
    from scheduler.cli.accounts.doing import list_users

    with told():
        list_users(data, as_json=json_)


@users.command("put")
def users_put(
    user_id: Annotated[str, typer.Argument(help="Its id: letters, digits, . _ : -")],
    name: Annotated[str, typer.Option(help="What they are called.")],
    email: Annotated[str, typer.Option(help="Their address.")],
    person: Annotated[str, typer.Option(help="Their id in the company.")] = "",
    role: Roles = [],  # noqa: B006
    job: Jobs = [],  # noqa: B006
    site: Sites = [],  # noqa: B006
    assists: Annotated[list[str], typer.Option(help="For whom an assistant asks; repeat it.")] = [],  # noqa: B006
    active: Annotated[bool, typer.Option(help="Whether they may anything.")] = True,
    data: Data = None,
) -> None:
    """Make an account, or replace the one of that id."""
    from scheduler.cli.accounts.doing import Roles as Given
    from scheduler.cli.accounts.doing import put_user

    with told():
        about = {"name": name, "email": email, "person": person or None, "assists": assists, "active": active}
        put_user(data, user_id, about, Given(role, job, site))
