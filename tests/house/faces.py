"""What the product shows to the outside: commands, options, settings, routes, read from the code itself."""

from __future__ import annotations

import functools
import importlib.machinery
import importlib.util
from types import ModuleType
from typing import Any, cast

import typer.main
from typer.core import TyperGroup

from scheduler.api.main import create_app
from scheduler.cli.main import app
from scheduler.config import CONFIG, PREFIX, Settings, load
from scheduler.services.app import App
from tests.house.tree import ROOT


@functools.cache
def cli_commands() -> dict[str, set[str]]:
    """The commands of ``loopwright`` with the options of each."""
    group = typer.main.get_command(app)
    assert isinstance(group, TyperGroup)
    return {name: _options(command) for name, command in group.commands.items()}


def _options(command: Any) -> set[str]:
    """The options of a command, and of the commands under it."""
    mine = {option for p in command.params for option in (*p.opts, *p.secondary_opts)}
    under = getattr(command, "commands", {}).values()
    return mine.union(*(_options(one) for one in under))


@functools.cache
def dev_script() -> ModuleType:
    """The script ``./dev`` as a module."""
    loader = importlib.machinery.SourceFileLoader("dev_script", str(ROOT / "dev"))
    spec = importlib.util.spec_from_loader("dev_script", loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


def dev_commands(*, handed_on: bool = False) -> set[str]:
    """The commands of ``./dev``; with ``handed_on`` those that it passes to ``loopwright``."""
    product = set(dev_script().PRODUCT)
    return product if handed_on else product | set(dev_script().COMMANDS)


def settings() -> set[str]:
    """The environment variables that the settings are read from."""
    return {PREFIX + name.upper() for name in Settings.model_fields} | {CONFIG}


def api_paths() -> set[str]:
    """The addresses that the API answers."""
    api = create_app(cast("App", None), load())  # nothing is asked of the services here
    return set(api.openapi()["paths"])
