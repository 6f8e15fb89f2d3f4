"""The image is made of the same steps as ./dev, and of nothing that is not in the repository."""

from __future__ import annotations

import json
import re
import shlex

from scheduler.config import Settings
from tests.house.faces import api_paths, cli_commands
from tests.house.tree import ROOT, pyproject


def instructions() -> list[tuple[str, str]]:
    """The Dockerfile as (instruction, rest), with continued lines joined and comments left out."""
    text = "\n".join(
        line for line in (ROOT / "Dockerfile").read_text().splitlines() if not line.startswith("#")
    )
    joined = re.sub(r"\\\n\s*", "", text)
    return [(line.split()[0], line.split(None, 1)[1]) for line in joined.splitlines() if line.strip()]


def all_of(name: str) -> list[str]:
    return [rest for instruction, rest in instructions() if instruction == name]


def test_the_environment_is_made_by_dev_and_by_nothing_else() -> None:
    assert "./dev install" in all_of("RUN")
    elsewhere = [run for run in all_of("RUN") if re.search(r"\b(pip|uv|poetry|apt-get install)\b", run)]
    assert elsewhere == []


def test_the_pins_are_there_before_they_are_installed() -> None:
    steps = instructions()
    install = steps.index(("RUN", "./dev install"))
    copied = " ".join(rest for instruction, rest in steps[:install] if instruction == "COPY")
    assert {"dev", "requirements.lock"} <= set(copied.split())


def test_both_stages_have_the_python_that_the_environment_points_to() -> None:
    bases = {rest.split()[0] for rest in all_of("FROM")}
    assert len(all_of("FROM")) == 2
    assert len(bases) == 1
    version = re.search(r"python:3\.(\d+)", bases.pop())
    assert version is not None
    assert f">=3.{version.group(1)}" <= pyproject()["project"]["requires-python"]


def test_everything_it_copies_exists_and_passes_the_ignore_list() -> None:
    let_through = {
        line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")
    }
    for rest in all_of("COPY"):
        if rest.startswith("--from"):
            continue
        for source in shlex.split(rest)[:-1]:
            assert (ROOT / source.removeprefix("./")).exists(), f"COPY {source}: no such file"
            assert source.removeprefix("./") in let_through, f".dockerignore keeps {source} out"


def test_what_an_image_must_not_hold_is_kept_out() -> None:
    """Everything is left out by the first line, so .git, data and a .venv are; secrets also inside packages."""
    lines = [
        line
        for line in (ROOT / ".dockerignore").read_text().splitlines()
        if line and not line.startswith("#")
    ]
    assert lines[0] == "*"
    assert {"**/.env", "**/.env.*", "**/*.sqlite3*", "**/__pycache__"} <= set(lines)
    let_through = {line[1:] for line in lines if line.startswith("!")}
    assert let_through & {".git", ".env", ".loopwright", ".venv", "tests"} == set()


def test_it_runs_as_nobody_special_and_writes_to_its_volume_only() -> None:
    user = all_of("USER")[-1]
    assert user.isdigit() and int(user) > 0, "a number, so that an orchestrator can check that it is not root"
    assert all_of("VOLUME") == ["/data"]
    environment = " ".join(all_of("ENV"))
    assert "LOOPWRIGHT_DATA=/data" in environment
    assert "PYTHONDONTWRITEBYTECODE=1" in environment
    assert any("compileall" in run for run in all_of("RUN"))


def test_its_commands_exist() -> None:
    assert all_of("ENTRYPOINT") == ['["loopwright"]']
    (role,) = json.loads(all_of("CMD")[0])
    assert role in cli_commands()


def test_its_health_is_asked_from_the_api_of_serve() -> None:
    """The address in the Dockerfile is one that the API answers, on the port that `serve` takes."""
    asked = re.search(r"http://127\.0\.0\.1:(\d+)(/[\w/]+)", all_of("HEALTHCHECK")[0])
    assert asked is not None
    port, path = asked.groups()
    assert all_of("EXPOSE") == [port]
    assert str(Settings.model_fields["port"].default) == port
    assert path in api_paths()
