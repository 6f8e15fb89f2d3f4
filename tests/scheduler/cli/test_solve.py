"""`loopwright solve`: what it prints, what it writes, and one clear line for everything it cannot read."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from scheduler.cli.main import app
from solver.problem.codec import plan_from_json, problem_from_json
from solver.rules.check import cost, violations

GOLDEN = Path(__file__).parents[2] / "solver" / "golden"
SMALL = sorted(GOLDEN.glob("S-*.json.gz"))[0]


def solve(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["solve", *map(str, arguments)])


def test_the_plan_that_is_written_is_legal_and_costs_what_is_said(tmp_path: Path) -> None:
    out = tmp_path / "plan.json"
    done = solve(SMALL, "--out", out, "--json")
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    problem = problem_from_json(json.loads(gzip.decompress(SMALL.read_bytes())))
    plan = plan_from_json(json.loads(out.read_text()))
    assert not violations(problem, plan)
    assert told["status"] == "optimal"
    assert told["cost"] == told["bound"] == cost(problem, plan) == sum(told["price"].values())


def test_the_same_file_without_gzip_gives_the_same_answer(tmp_path: Path) -> None:
    plain = tmp_path / "problem.json"
    plain.write_bytes(gzip.decompress(SMALL.read_bytes()))
    one, other = (json.loads(solve(f, "--json").stdout) for f in (SMALL, plain))
    assert one["loops"] == other["loops"]


def test_alternatives_are_printed_best_first() -> None:
    done = solve(SMALL, "--alternatives", 3, "--json")
    found = json.loads(done.stdout)["alternatives"]
    assert len(found) == 3
    assert [p["cost"] for p in found] == sorted(p["cost"] for p in found)


def test_a_decline_is_repaired(tmp_path: Path) -> None:
    out = tmp_path / "plan.json"
    assert solve(SMALL, "--out", out).exit_code == 0
    loops = json.loads(out.read_text())["loops"]
    session, booked = next(
        (s, a)
        for loop in loops.values()
        for s, a in loop["sessions"].items()
        if not s.endswith((".hm", ".lunch"))
    )
    person = booked["people"][0][0]
    done = solve(SMALL, "--repair", out, "--decline", f"{person}@{session}", "--json")
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert told["repair"]["level"] != "none" and told["repair"]["changes"]
    now = next(loop["sessions"][session] for loop in told["loops"].values() if loop)
    assert person not in now["people"][0]


def test_what_a_repair_changes_is_told_in_words(tmp_path: Path) -> None:
    """People as in the plan above it, and not as the values of a program."""
    out = tmp_path / "plan.json"
    assert solve(SMALL, "--out", out).exit_code == 0
    session, booked = next(
        (s, a)
        for loop in json.loads(out.read_text())["loops"].values()
        for s, a in loop["sessions"].items()
        if not s.endswith((".hm", ".lunch"))
    )
    shown = solve(SMALL, "--repair", out, "--decline", f"{booked['people'][0][0]}@{session}").stdout
    changes = shown[shown.index("repair: ") :]
    assert "people" in changes and booked["people"][0][0] in changes
    assert not any(mark in changes for mark in ("'", "(", "None"))


def test_what_is_left_out_names_the_way_to_the_reasons() -> None:
    hint = "add --explain"
    file = next(GOLDEN.glob("infeasible-*.json.gz"))
    assert hint in solve(file).stdout
    assert hint not in solve(file, "--explain", "--time-limit", 60).stdout
    assert hint not in solve(SMALL).stdout


def test_an_impossible_problem_is_explained() -> None:
    file = next(GOLDEN.glob("infeasible-*.json.gz"))
    done = solve(file, "--explain", "--time-limit", 60, "--json")
    told = json.loads(done.stdout)
    assert told["status"] == "infeasible"
    reasons = next(iter(told["explanation"].values()))
    assert reasons["reasons"] and reasons["fixes"]


def test_the_table_for_people_names_price_and_bound() -> None:
    done = solve(SMALL)
    assert done.exit_code == 0
    assert "optimal" in done.stdout and "bound" in done.stdout and "finish" in done.stdout


@pytest.mark.parametrize(
    ("content", "hint"),
    [
        (b"", "not JSON"),
        (b"\x00\xff", "not JSON"),
        (b"[1, 2]", "JSON object"),
        (b'{"format": "loopbench/1"}', "name"),
        (b'{"format": "loopbench/9"}', "format"),
        (b"[" * 100_000, "not JSON"),
    ],
)
def test_what_is_no_problem_gets_one_clear_line(tmp_path: Path, content: bytes, hint: str) -> None:
    file = tmp_path / "broken.json"
    file.write_bytes(content)
    done = solve(file)
    assert done.exit_code == 2
    assert len(done.stderr.strip().splitlines()) == 1 and hint in done.stderr


def test_other_bad_input_gets_one_clear_line(tmp_path: Path) -> None:
    cut = tmp_path / "cut.json.gz"
    cut.write_bytes(SMALL.read_bytes()[:500])
    cases = [
        (tmp_path / "missing.json",),
        (cut,),
        (SMALL, "--decline", "p1@c0.code"),
        (SMALL, "--out", tmp_path / "no" / "such" / "folder.json"),
    ]
    for arguments in cases:
        done = solve(*arguments)
        assert done.exit_code == 2, arguments
        assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    out = tmp_path / "plan.json"
    solve(SMALL, "--out", out)
    for declined in ("nonsense", "nobody@c0.code", "p0@nothing"):
        done = solve(SMALL, "--repair", out, "--decline", declined)
        assert done.exit_code == 2 and "--decline" in done.stderr


def test_a_plan_where_a_problem_belongs_and_the_other_way_round_are_told_apart(tmp_path: Path) -> None:
    out = tmp_path / "plan.json"
    assert solve(SMALL, "--out", out).exit_code == 0
    told = solve(out)
    assert told.exit_code == 2
    assert told.stderr == (
        f"{out}: is a plan, not a problem; name the problem, and a plan that is to be mended with --repair\n"
    )
    told = solve(SMALL, "--repair", SMALL)
    assert told.exit_code == 2
    assert told.stderr == f"--repair {SMALL}: is a problem, not a plan; give a plan that --out wrote\n"


def test_a_fault_inside_a_file_names_the_file(tmp_path: Path) -> None:
    file = tmp_path / "broken.json"
    file.write_text('{"format": "loopbench/9"}')
    assert solve(file).stderr.startswith(f"{file}: format: ")
    file.write_text('{"loops": 3}')
    assert solve(SMALL, "--repair", file).stderr.startswith(f"{file}: ")


def test_a_repair_has_no_bound_and_says_so(tmp_path: Path) -> None:
    out = tmp_path / "plan.json"
    assert solve(SMALL, "--out", out).exit_code == 0
    shown = solve(SMALL, "--repair", out).stdout
    assert "not bounded" in shown and "bound 0" not in shown


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["solve"], "Missing argument 'instance'; see loopwright solve --help"),
        (["solve", "x.json", "--nothing"], "No such option: --nothing; see loopwright solve --help"),
        (["solve", "x.json", "--alternatives", "0"], "Invalid value for '--alternatives'"),
        (["solv", "x.json"], "No such command 'solv'"),
    ],
)
def test_misuse_of_the_command_line_is_one_line(arguments: list[str], line: str) -> None:
    done = CliRunner().invoke(app, arguments, prog_name="loopwright")
    assert done.exit_code == 2
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    assert done.stderr.startswith(line), done.stderr


def test_a_bare_command_shows_its_help_and_asked_for_help_is_no_failure() -> None:
    assert "solve" in CliRunner().invoke(app, []).output
    done = CliRunner().invoke(app, ["solve", "--help"])
    assert done.exit_code == 0 and "--repair" in done.stdout


def test_what_ended_a_search_without_a_proof_is_said_in_one_line() -> None:
    batch = next(GOLDEN.glob("superday-*.json.gz"))
    done = solve(batch, "--time-limit", 0.2)
    (line,) = (line for line in done.output.splitlines() if "ended by" in line)
    assert "ended by the time limit" in line and "of 40 loops" in line


def test_loops_that_a_batch_leaves_out_are_explained(tmp_path: Path) -> None:
    given = json.loads(gzip.decompress(SMALL.read_bytes()))
    (loop,) = given["loops"]
    hopeless = json.loads(json.dumps(loop).replace(f'"{loop["id"]}', '"late')) | {"availability": []}
    file = tmp_path / "two.json"
    file.write_text(json.dumps(given | {"loops": [loop, hopeless]}))
    done = solve(file, "--explain", "--time-limit", 20)
    assert "late: impossible even alone" in done.output and "It would fit if" in done.output


def test_an_answer_loads_nothing_that_it_does_not_need() -> None:
    """No database, no model, and no tables for an answer in JSON: loading takes longer than most answers."""
    code = (
        "import sys\nfrom scheduler.cli.main import app\n"
        "try: app()\n"
        "except SystemExit: pass\n"
        "print(*sorted({'sqlalchemy', 'ortools', 'pandas', 'rich.table', 'rich.live', 'solver.questions.explain'}"
        " & set(sys.modules)), file=sys.stderr)"
    )
    asked = [sys.executable, "-c", code, "solve", str(SMALL), "--json"]
    done = subprocess.run(asked, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["status"] == "optimal"
    assert done.stderr == "\n"
