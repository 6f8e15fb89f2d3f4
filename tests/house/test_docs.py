"""What the pages say is there, is there: links, commands, options, settings, decisions."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house.faces import cli_commands, dev_commands, settings
from tests.house.tree import ROOT, documents, pyproject, python_files, where

FENCE = re.compile(r"^(```|~~~).*?^\1\s*$", re.MULTILINE | re.DOTALL)
DECISIONS = ROOT / "docs" / "decisions"
# Not settings: for tests only, and told of in docs/development.md.
TEST_VARIABLES = {"LOOPWRIGHT_FAILPOINT"}


def prose(path: Path) -> str:
    """A page without its code blocks, in which brackets mean something else."""
    return FENCE.sub("", path.read_text(encoding="utf-8"))


def slug(heading: str) -> str:
    """The anchor that a Markdown renderer gives to a heading."""
    words = re.sub(r"[^\w\- ]", "", re.sub(r"[`*]", "", heading).strip().lower())
    return words.replace(" ", "-")


def local_links() -> Iterator[tuple[Path, str]]:
    for page in documents():
        for target in re.findall(r"\]\(<?([^)>\s]+)>?(?:\s+\"[^\"]*\")?\)", prose(page)):
            if not re.match(r"[a-z][a-z+.-]*:", target):
                yield page, target


def test_every_local_link_leads_somewhere() -> None:
    broken = []
    for page, target in local_links():
        name, _, anchor = target.partition("#")
        file = (page.parent / name).resolve() if name else page
        if not file.exists():
            broken.append(f"{where(page)}: {target}")
        elif anchor and file.suffix == ".md":
            anchors = [slug(heading) for heading in re.findall(r"^#+ (.+)$", prose(file), re.MULTILINE)]
            if anchor not in anchors:
                broken.append(f"{where(page)}: {target} (no such heading)")
    assert broken == []
    assert len(list(local_links())) > 10


FILE = re.compile(
    r"(?<![\w./-])(?:solver|connectors|scheduler|tests|benchmarks|docs|examples|findings)/"
    r"(?:[\w.-]+/)*[\w-]+\.(?:py|md|ya?ml|json|sh|toml|svg)\b"
)
SHORT = re.compile(r"`((?:api|cli|domain|services|storage|workers)(?:/\w+)+)/?`")
"""Parts of the scheduler without its name in front, as pages tell of them."""
MODULE = re.compile(r"`((?:solver|connectors|scheduler)(?:\.\w+)+)")


def dead_names(text: str) -> list[str]:
    """The files that ``text`` names, and the modules with what is in them, that do not exist."""
    modules = [name for name in MODULE.findall(text) if not _is_there(name.split("."))]
    modules += [name for name in SHORT.findall(text) if not _is_there(["scheduler", *name.split("/")])]
    return [name for name in FILE.findall(text) if not (ROOT / name).exists()] + modules


def _is_there(parts: list[str]) -> bool:
    file = ROOT / parts[0]
    for n, part in enumerate(parts[1:], 1):
        if (file / part).is_dir():
            file /= part
        elif (file / f"{part}.py").exists():
            source, inside = file / f"{part}.py", parts[n + 1 :]
            return not inside or _says(source, inside[0])
        else:
            return _says(file / "__init__.py", part)
    return True


def _says(source: Path, name: str) -> bool:
    return re.search(rf"\b{name}\b", source.read_text(encoding="utf-8")) is not None


def test_every_file_and_module_that_a_page_or_a_docstring_names_exists() -> None:
    told = [
        *documents(),
        *(path for path, _ in python_files("solver", "connectors", "scheduler", "benchmarks")),
    ]
    dead = {where(path): dead_names(path.read_text(encoding="utf-8")) for path in told}
    assert {page: names for page, names in dead.items() if names} == {}
    wrong = [
        "solver/check.py",
        "solver.model",
        "scheduler.services.company.read.nothing_such",
        "services/encode",
    ]
    assert dead_names("`" + "`, `".join(["solver.rules.check.Judge", *wrong]) + "`") == wrong


def test_every_page_is_reachable_from_the_index() -> None:
    linked = {
        (page.parent / target.partition("#")[0]).resolve()
        for page, target in local_links()
        if page in (ROOT / "README.md", ROOT / "docs" / "README.md")
    }
    pages = {page for page in documents() if ROOT / "docs" in page.parents}
    assert {where(page) for page in pages - linked - {ROOT / "docs" / "README.md"}} == set()


def code_of(page: Path) -> Iterator[str]:
    """The lines of a page's code blocks and the code spans of its text: where commands are written."""
    text = page.read_text(encoding="utf-8")
    for block in FENCE.finditer(text):
        yield from block.group().replace("\\\n", " ").splitlines()[1:-1]
    yield from re.findall(r"`([^`\n]+)`", FENCE.sub("", text))


def commands(program: str) -> Iterator[tuple[Path, list[str]]]:
    """Every call of ``program`` in the pages, as its words after the name."""
    for page in documents():
        for line in code_of(page):
            said = line.strip().removeprefix("$ ").partition(" #")[0]
            said = re.sub(r"^(?:[A-Z_]+=\S+ )+", "", said)  # LOOPWRIGHT_X=y in front of it
            if said.split()[:1] == [program]:
                yield page, said.split()[1:]


def test_every_command_of_dev_exists() -> None:
    unknown = [
        f"{where(page)}: ./dev {words[0]}"
        for page, words in commands("./dev")
        if words and re.fullmatch(r"[a-z][a-z-]*", words[0]) and words[0] not in dev_commands()
    ]
    assert unknown == []


def test_every_command_of_loopwright_exists_with_its_options() -> None:
    unknown = []
    handed_on = [(page, words) for page, words in commands("./dev") if words and words[0] in cli_commands()]
    for page, words in [*commands("loopwright"), *handed_on]:
        if not words or not re.fullmatch(r"[a-z][a-z-]*", words[0]):
            continue
        if words[0] not in cli_commands():
            unknown.append(f"{where(page)}: loopwright {words[0]}")
            continue
        options = {word.partition("=")[0] for word in words if word.startswith("--")} - {"--help"}
        for option in options - cli_commands()[words[0]]:
            unknown.append(f"{where(page)}: loopwright {words[0]} {option}")
    assert unknown == []


def test_every_command_is_told_of() -> None:
    told = {words[0] for program in ("./dev", "loopwright") for _, words in commands(program) if words}
    assert set(cli_commands()) | set(dev_commands()) <= told


def test_dev_hands_on_every_command_of_the_product() -> None:
    assert dev_commands(handed_on=True) == set(cli_commands())


def test_the_settings_in_the_pages_are_those_of_the_code() -> None:
    told = {
        name
        for page in documents()
        for name in re.findall(r"\bLOOPWRIGHT_[A-Z][A-Z0-9_]*[A-Z0-9]\b", page.read_text(encoding="utf-8"))
    }
    assert told - settings() - TEST_VARIABLES == set(), "told of, but nothing reads them"
    assert (settings() | TEST_VARIABLES) - told == set(), "nobody is told of them"


def test_the_settings_of_the_image_are_those_of_the_code() -> None:
    used = set(re.findall(r"\bLOOPWRIGHT_[A-Z_]+\b", (ROOT / "Dockerfile").read_text()))
    assert used - settings() == set()


# --- decisions --------------------------------------------------------------------------------------


def decisions() -> list[Path]:
    return sorted(DECISIONS.glob("*.md"))


def test_decisions_are_numbered_once() -> None:
    numbers = [page.name[:4] for page in decisions()]
    assert len(numbers) >= 7
    assert len(set(numbers)) == len(numbers)
    for page in decisions():
        assert re.fullmatch(r"\d{4}-[a-z0-9-]+\.md", page.name), page.name
        title = page.read_text().splitlines()[0]
        assert re.match(rf"# {int(page.name[:4])}\. \w", title), f"{page.name}: its first line is {title!r}"


@pytest.mark.parametrize("page", decisions(), ids=lambda page: page.name[:4])
def test_a_decision_names_what_enforces_it_and_that_exists(page: Path) -> None:
    _, marker, enforced = page.read_text(encoding="utf-8").partition("**Enforced by**")
    assert marker, f"{page.name} does not say **Enforced by** what"
    enforced = " ".join(enforced.split())
    contracts = {contract["name"] for contract in pyproject()["tool"]["importlinter"]["contracts"]}
    named_contracts = re.findall(r"“([^”]+)”", enforced)
    assert [name for name in named_contracts if name not in contracts] == []
    paths = [name for name in re.findall(r"`([^`]+)`", enforced) if "/" in name and " " not in name]
    for name in paths:
        file, _, test = name.partition("::")
        assert (ROOT / file).exists(), f"{page.name}: {file} does not exist"
        missing = set(test.split("::")) - {""} - _names_in(ROOT / file) if test else set()
        assert missing == set(), f"{page.name}: {file} has no {missing}"
    assert named_contracts or any(name.startswith("tests/") for name in paths)


def _names_in(file: Path) -> set[str]:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.ClassDef)}
