"""A field is declared once: the file, its schema, the editing calls, the API and the table follow."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
import sqlalchemy as sa
from pydantic import BaseModel, ValidationError

from scheduler.api.models import company as told
from scheduler.domain.people import Person, Room, Site
from scheduler.services.company import file
from scheduler.services.company.fields import entry, follows, kept
from scheduler.storage import tables
from scheduler.storage.columns import Json, columns_of
from scheduler.storage.mapping import Rows
from tests.scheduler.services.company.company_kit import read, small


@dataclass(frozen=True, slots=True)
class Speaker(Person):
    """A person with fields that nobody has written anything else for."""

    pronouns: str = field(default="", metadata={"help": "how they are spoken of"})
    remote: bool = True
    languages: frozenset[str] = frozenset({"en"})
    badge: int | None = None


class Named(file.Written):
    site: str | None = None
    zone: str | None = None
    hours: Any = None
    lunch: Any = None
    max_day: int | None = None
    max_week: int | None = None
    badge: int | None = None
    calendar: Any = None
    avoid: Any = ()


SpeakerFile: type[BaseModel] = follows(Speaker, file.PLAIN)(Named)


def test_the_file_has_a_new_field_with_its_default_limits_and_help() -> None:
    properties = SpeakerFile.model_json_schema()["properties"]
    assert properties["pronouns"]["description"] == "how they are spoken of"
    assert properties["pronouns"]["default"] == ""
    assert properties["languages"]["default"] == ["en"]
    base = {"id": "ida", "name": "Ida", "email": "ida@feldweg.example"}
    assert kept(SpeakerFile(**base, languages="de"), Speaker, "badge")["languages"] == frozenset({"de"})
    for bad in ({"pronouns": "they\nthem"}, {"pronouns": 3}, {"remote": "perhaps"}, {"languages": [""]}):
        with pytest.raises(ValidationError):
            SpeakerFile(**base, **bad)


def test_a_new_field_is_stored_and_written_again() -> None:
    columns = {column.name: column for column in columns_of(Speaker)}
    assert set(columns) == {f.name for f in dataclasses.fields(Speaker)}
    assert columns["id"].primary_key
    assert isinstance(columns["languages"].type, Json)
    assert (columns["badge"].nullable, columns["pronouns"].nullable) == (True, False)
    ida = read(small()).people[0]
    values = {f.name: getattr(ida, f.name) for f in dataclasses.fields(ida)}
    speaker = Speaker(**values, pronouns="they", remote=False, languages=frozenset({"de", "at"}))
    rows = Rows(Speaker, sa.Table("speakers", sa.MetaData(), *columns_of(Speaker)))
    assert rows.row(speaker)["languages"] == ["at", "de"]
    written = entry(speaker, SpeakerFile)
    assert (written["pronouns"], written["remote"], written["languages"]) == ("they", False, ["at", "de"])


def test_an_answer_has_a_new_field_and_no_default_for_it() -> None:
    class Out(told.Told[Speaker]):
        calendar: told.AccountOut

    out = follows(Speaker, told.PLAIN, always=True, without=frozenset({"lunch", "badge"}))(Out)
    assert "pronouns" in out.model_json_schema()["required"]
    assert not {"lunch", "badge"} & out.model_fields.keys()


def test_a_field_without_a_form_is_not_forgotten() -> None:
    with pytest.raises(TypeError, match=r"SpeakerFile has no form for Speaker\.account: name it there"):
        follows(Speaker, file.PLAIN)(type("SpeakerFile", (file.Written,), {}))


@pytest.mark.parametrize(
    ("kind", "written", "answer", "table", "kept_back", "more"),
    [
        (Person, file.PersonFile, told.PersonOut, tables.people, set(), {"email_folded"}),
        (Room, file.RoomFile, told.RoomOut, tables.rooms, set(), set()),
        (Site, file.SiteFile, told.SiteOut, tables.sites, {"holidays", "closing"}, {"active"}),
    ],
)
def test_file_answer_and_table_have_the_fields_of_the_domain_in_its_order(
    kind: type, written: Any, answer: Any, table: sa.Table, kept_back: set[str], more: set[str]
) -> None:
    names = [f.name for f in dataclasses.fields(kind)]
    shown = ["calendar" if name == "account" else name for name in names]
    inside = {"closing"}  # written as fields of `holidays`
    assert list(written.model_fields) == [name for name in shown if name not in inside]
    assert list(answer.model_fields) == [name for name in shown if name not in kept_back]
    assert set(table.c.keys()) == set(names) | more


OTHER: dict[Any, Any] = {"str": "other", "bool": False, "frozenset[str]": frozenset({"a", "b"})}
"""A value for each plain kind of field that is nobody's default."""
PLAIN = {f.name: f.type for f in dataclasses.fields(Person) if f.type in OTHER}
OF_A_FORM = {"pauses": frozenset({"2026-12-24", "2026-07-01/2026-07-14"})}
"""Values of fields that are plain in kind, yet not any text will do."""


@pytest.mark.parametrize("name", sorted(PLAIN.keys() - {"id", "email", "zone", "site"}))
def test_what_is_written_of_a_person_comes_all_the_way(name: str) -> None:
    """File, domain, row, file again, answer."""
    value = OF_A_FORM.get(name, OTHER[PLAIN[name]])
    other = replace(read(small()).people[0], **{name: value})
    written = {n: v for n, v in entry(other, file.PersonFile).items() if v not in ("", None)}
    assert read(small(people__0=written)).people[0] == other
    rows = Rows(Person, tables.people)
    assert rows.value(rows.row(other)) == other  # type: ignore[arg-type]
    shown = told.PersonOut.of(other).model_dump()[name]
    assert shown == (sorted(value) if isinstance(value, frozenset) else value)
