"""Draws docs/house.svg: the packages as houses, their folders as rooms, on the floors of the import contracts.

Run it after a folder or a floor has come or gone: ``.venv/bin/python docs/house_map.py``.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PICTURE = ROOT / "docs" / "house.svg"

WORDS = {
    "scheduler": "plans, books and repairs interview loops",
    "scheduler/cli": "the command line",
    "scheduler/wiring": "the parts put together: the one place that names a provider",
    "scheduler/demo": "an invented company that plays along",
    "scheduler/api": "HTTP: parse, call, answer",
    "scheduler/web": "the console: pages, rendered here",
    "scheduler/workers": "durable jobs",
    "scheduler/services": "the chapters of a loop's life",
    "scheduler/services/opening": "links without sign-in",
    "scheduler/services/links": "who has no account: candidates, interviewers",
    "scheduler/services/access": "who may do what",
    "scheduler/services/privacy": "erased, exported, let go of",
    "scheduler/services/hiring": "a stage advance, from webhook to loop and back",
    "scheduler/services/asking": "a loop begins, or is left",
    "scheduler/services/attention": "what needs a person",
    "scheduler/services/overview": "what people look at",
    "scheduler/services/changing": "changed by hand",
    "scheduler/services/checking": "tables against calendars",
    "scheduler/services/afterwards": "answers, conflicts, repair",
    "scheduler/services/booking": "from a chosen plan to events in calendars, and undone where it cannot be",
    "scheduler/services/planning": "calendars in, plans out",
    "scheduler/services/company": "the company file",
    "scheduler/services/telling": "notices, agendas",
    "scheduler/storage": "all SQL, one repository per noun",
    "scheduler/domain/fixes": "what would help",
    "scheduler/storage/tables": "every table",
    "scheduler/storage/repositories": "what is asked of the tables",
    "scheduler/storage/migrations": "how they came to be",
    "scheduler/domain": "the words of recruiting, plain dataclasses",
    "solver": "timetabling in whole minutes",
    "solver/questions": "solve, alternatives, repair, explain",
    "solver/many": "batches that compete",
    "solver/why": "reasons and fixes",
    "solver/one": "one loop, to proof",
    "solver/bounds": "the relaxation, numpy",
    "solver/exact": "the model, CP-SAT",
    "solver/ground": "time, people and what is left, on the grid",
    "solver/rules": "what a legal plan is, and its price",
    "solver/problem": "the values and their JSON",
    "connectors": "other people's systems: calendars, mail, hiring",
    "connectors/ashby": "Ashby",
    "connectors/google": "Google Calendar",
    "connectors/greenhouse": "Greenhouse",
    "connectors/hiring": "hiring systems",
    "connectors/identity": "who signs in",
    "connectors/lever": "Lever",
    "connectors/local": "iCalendar files",
    "connectors/outlook": "Microsoft 365",
    "connectors/outgoing": "programs that others named",
    "connectors/incoming": "reads what is answered by mail",
}
"""What each house and room is for; a folder inside a room is only named."""

UNDER = {"connectors": "protocol, types, errors, zones, mail: what all of them share"}
"""What the files of a house without a contract of floors are, beneath its rooms."""

INK, SOFT, PAPER, LINE = "#1d2530", "#5b6675", "#fbfbf9", "#d5d8d2"
COLOURS = {
    "scheduler": ("#35549b", "#edf1fa"),
    "solver": ("#1f6f50", "#eaf5ef"),
    "connectors": ("#8a4b08", "#faf1e6"),
}
GAP, TALL, SLIM, CHIP, ROOF = 8, 48, 24, 24, 66


@dataclass(frozen=True)
class Room:
    """A folder, or a file that is a floor of its own; ``floors`` are those of a folder with a contract."""

    name: str
    folder: bool
    inside: tuple[str, ...] = ()
    floors: tuple[tuple[Room, ...], ...] = ()

    def height(self, wide: float) -> int:
        """What it takes where it is ``wide``."""
        if not self.folder:
            return SLIM
        own = sum(tallest(floor, wide - 20) + GAP for floor in self.floors)
        return TALL + own + CHIP * len(self.labels(wide))

    def labels(self, wide: float) -> list[list[tuple[str, float]]]:
        """The folders inside, each with its width, in as many rows as it takes."""
        rows: list[list[tuple[str, float]]] = []
        for path in self.inside:
            size = 7.3 * len(path.removeprefix(self.name)) + 14
            if not rows or sum(w + 6 for _, w in rows[-1]) + size > wide - 24:
                rows.append([])
            rows[-1].append((path, size))
        return rows


def share(floor: tuple[Room, ...], wide: float) -> float:
    """The width of each room of a floor."""
    return (wide - GAP * (len(floor) - 1)) / len(floor)


def tallest(floor: tuple[Room, ...], wide: float) -> int:
    return max(r.height(share(floor, wide)) for r in floor)


def folders(root: Path = ROOT) -> list[str]:
    """Every folder of the three packages that holds Python files, by its path from the root."""
    found = {path.parent for package in COLOURS for path in (root / package).rglob("*.py")}
    return sorted(f.relative_to(root).as_posix() for f in found if "__pycache__" not in f.parts)


def contracts(root: Path = ROOT) -> dict[str, list[list[str]]]:
    """The floors of each package that has a contract of them, from the top; alternatives stand side by side."""
    settings = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    return {
        contract["containers"][0].replace(".", "/"): [
            [name.strip(" ()") for name in layer.split("|")] for layer in contract["layers"]
        ]
        for contract in settings["contracts"]
        if contract["type"] == "layers"
    }


def room(name: str, root: Path = ROOT) -> Room:
    """The folder or file of that path with all that lies in it."""
    all_folders, floors = folders(root), contracts(root)
    if name not in all_folders:
        return Room(name, folder=False)
    below = [f for f in all_folders if f.startswith(f"{name}/")]
    if name in floors and below:
        rows = [[f"{name}/{one}" for one in layer] for layer in floors[name]]
        there = [[one for one in row if one in below or (root / f"{one}.py").exists()] for row in rows]
        return Room(name, True, floors=tuple(tuple(room(one, root) for one in row) for row in there if row))
    if name in COLOURS:  # a house without a contract of floors: its rooms side by side
        return Room(name, True, floors=(tuple(room(f, root) for f in below if f.count("/") == 1),))
    return Room(name, True, inside=tuple(below))


def text(x: float, y: float, words: str, size: float, colour: str, more: str = "") -> str:
    return f'<text x="{x:g}" y="{y:g}" font-size="{size:g}" fill="{colour}" {more}>{escape(words)}</text>'


def box(x: float, y: float, wide: float, tall: float, fill: str, edge: str, more: str = "") -> str:
    size = f'x="{x:g}" y="{y:g}" width="{wide:g}" height="{tall:g}"'
    return f'<rect {size} rx="6" fill="{fill}" stroke="{edge}" {more}/>'


def drawn(one: Room, x: float, y: float, wide: float, tall: float, colours: tuple[str, str]) -> Iterator[str]:
    """A room with its name, its words and what lies in it."""
    colour, wash = colours
    short = one.name.rpartition("/")[2]
    if not one.folder:
        yield box(x, y, wide, tall, "none", LINE, 'stroke-dasharray="4 3"')
        size = min(12, 12 * (wide - 12) / (7.3 * len(f"{short}.py")))
        yield text(
            x + wide / 2, y + tall / 2 + 4, f"{short}.py", size, SOFT, 'class="m" text-anchor="middle"'
        )
        return
    yield f"<g><title>{escape(one.name)}/</title>"
    yield box(x, y, wide, tall, "#fff" if not one.floors else wash, colour, 'stroke-opacity=".45"')
    yield text(x + 12, y + 20, f"{short}/", 14, colour, 'class="m" font-weight="700"')
    yield text(x + 12, y + 37, WORDS[one.name], 12, SOFT)
    yield from chips(one, x + 12, y + TALL - 3, wide, colours)
    yield from stacked(one, x + 10, y + TALL, wide - 20, colours)
    yield "</g>"


def chips(one: Room, x: float, y: float, wide: float, colours: tuple[str, str]) -> Iterator[str]:
    """The folders inside a room, named only."""
    colour, wash = colours
    for n, row in enumerate(one.labels(wide)):
        left, top = x, y + n * CHIP
        for path, size in row:
            yield f"<g><title>{escape(path)}/</title>"
            yield box(left, top, size, CHIP - 5, wash, colour, 'stroke-opacity=".3"')
            label = f"{path.removeprefix(one.name + '/')}/"
            yield text(left + 7, top + 13.5, label, 12, colour, 'class="m"') + "</g>"
            left += size + 6


def stacked(one: Room, x: float, y: float, wide: float, colours: tuple[str, str]) -> Iterator[str]:
    """The floors of a house or room, one above the other."""
    for floor in one.floors:
        tall, each = tallest(floor, wide), share(floor, wide)
        for n, r in enumerate(floor):
            yield from drawn(r, x + n * (each + GAP), y, each, tall, colours)
        y += tall + GAP


def height(one: Room, wide: float) -> int:
    """Of a house with its roof."""
    floors = sum(tallest(floor, wide - 24) + GAP for floor in one.floors)
    return ROOF + floors + (SLIM + GAP if one.name in UNDER else 0) + 6


def house(one: Room, x: float, y: float, wide: float) -> Iterator[str]:
    """A package: its roof with the name, and its floors."""
    colour, wash = COLOURS[one.name]
    tall = height(one, wide)
    ridge = f"{x + wide / 2:g},{y:g} {x + wide + 10:g},{y + ROOF - 10:g} {x - 10:g},{y + ROOF - 10:g}"
    yield f"<g><title>{one.name}/</title>"
    yield box(x, y + ROOF - 12, wide, tall - ROOF + 12, wash, colour)
    yield f'<polygon points="{ridge}" fill="{colour}" stroke="{colour}" stroke-width="4" stroke-linejoin="round"/>'
    middle = 'text-anchor="middle"'
    yield text(x + wide / 2, y + 32, f"{one.name}/", 17, "#fff", f'class="m" font-weight="700" {middle}')
    yield text(x + wide / 2, y + 49, WORDS[one.name], 12.5, "#fff", middle)
    yield from stacked(one, x + 12, y + ROOF, wide - 24, COLOURS[one.name])
    if one.name in UNDER:
        low = y + tall - SLIM - GAP - 4
        yield box(x + 12, low, wide - 24, SLIM, "none", LINE, 'stroke-dasharray="4 3"')
        yield text(x + wide / 2, low + 16, UNDER[one.name], 12, SOFT, middle)
    yield "</g>"


def arrow(x: float, y: float, to: float, words: str) -> Iterator[str]:
    yield f'<path d="M{x:g} {y:g}H{to - 2:g}" stroke="{INK}" stroke-width="1.6" marker-end="url(#tip)"/>'
    yield text((x + to) / 2, y - 7, words, 12, INK, 'text-anchor="middle"')


def picture(root: Path = ROOT) -> str:
    """The whole drawing. Raises `KeyError` for a folder that nobody has said anything of in `WORDS`."""
    scheduler, solver, connectors = (room(name, root) for name in COLOURS)
    left, right, top, apart = 596, 452, 24, 92
    second = top + height(solver, right) + 34
    x = 34 + left + apart
    wide = x + right + 34
    tall = max(top + height(scheduler, left), second + height(connectors, right)) + 46
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {tall}" width="{wide}" height="{tall}" role="img"',
        ' font-family="-apple-system, Segoe UI, Helvetica, Arial, DejaVu Sans, sans-serif">',
        "<title>The packages, their folders and their floors</title>",
        "<style>.m{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,DejaVu Sans Mono,monospace}</style>",
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto">',
        f'<path d="M0 0L8 4L0 8z" fill="{INK}"/></marker></defs>',
        f'<rect width="{wide}" height="{tall}" rx="12" fill="{PAPER}"/>',
        *house(scheduler, 34, top, left),
        *house(solver, x, top, right),
        *house(connectors, x, second, right),
        *arrow(34 + left + 3, top + ROOF + 60, x - 3, "asks"),
        *arrow(34 + left + 3, second + ROOF + 30, x - 3, "reads, writes"),
        text(
            34,
            tall - 16,
            "A room may use what lies beneath it, never what lies above. The two houses on the right know nobody.",
            12.5,
            SOFT,
        ),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


if __name__ == "__main__":
    PICTURE.write_text(picture(), encoding="utf-8")
