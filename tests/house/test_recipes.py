"""What docs/development.md says of an addition is tried on a copy: so many files, and nothing else."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.house.tree import ROOT

MIGRATION = '''"""How people are spoken of."""

import sqlalchemy as sa
from alembic import op

revision = "new"
down_revision = "{last}"


def upgrade() -> None:
    op.add_column("lw_people", sa.Column("pronouns", sa.Text(), nullable=False, server_default=""))
'''

TRY = """
import sys
from datetime import UTC, datetime
from pathlib import Path

import scheduler
from scheduler.api.models.company import PersonOut
from scheduler.services.company.edit import company_file
from scheduler.services.company.read import checked_company, company_json_schema
from scheduler.services.company.text import parsed
from scheduler.storage import Database

assert Path(scheduler.__file__).is_relative_to(sys.argv[1]), "not the copy"
assert "pronouns" in company_json_schema()["$defs"]["PersonFile"]["properties"]
data = parsed(Path(sys.argv[2]).read_text(), "yaml", "company.yaml")
data["people"][0]["pronouns"] = "they/them"
company = checked_company(data)
database = Database(f"sqlite:///{sys.argv[1]}/try.db")
database.migrate()
with database.write() as tx:
    tx.company.replace(company, datetime.now(UTC))
with database.read() as tx:
    file = company_file(tx)
    people = {p.id: p for p in tx.people.list()}
database.dispose()
assert {p["id"]: p.get("pronouns") for p in file["people"]} == {
    p.id: "they/them" if p.id == data["people"][0]["id"] else None for p in company.people
}
assert PersonOut.of(people[data["people"][0]["id"]]).model_dump()["pronouns"] == "they/them"
assert sorted(checked_company(file).people, key=lambda p: p.id) == list(people.values())
"""


def contents(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*.py")}


def test_a_field_of_a_person_is_one_line_and_a_migration(tmp_path: Path) -> None:
    """File, schema, table, editing calls and API follow the dataclass."""
    shutil.copytree(ROOT / "scheduler", tmp_path / "scheduler", ignore=shutil.ignore_patterns("__pycache__"))
    before = contents(tmp_path)
    domain = tmp_path / "scheduler" / "domain" / "people.py"
    line = '    level: str = ""\n'
    assert domain.read_text().count(line) == 1
    domain.write_text(domain.read_text().replace(line, line + '    pronouns: str = ""\n'))
    versions = tmp_path / "scheduler" / "storage" / "migrations" / "versions"
    last = max(path.name[:4] for path in versions.glob("[0-9]*.py"))
    (versions / "9999_pronouns.py").write_text(MIGRATION.format(last=last))
    run = subprocess.run(
        [sys.executable, "-c", TRY, str(tmp_path), str(ROOT / "examples" / "company.yaml")],
        env={**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}", "PYTHONDONTWRITEBYTECODE": "1"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr
    touched = {name for name, text in contents(tmp_path).items() if before.get(name) != text}
    assert touched == {"scheduler/domain/people.py", "scheduler/storage/migrations/versions/9999_pronouns.py"}
