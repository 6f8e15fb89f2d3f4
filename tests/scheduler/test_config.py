"""Settings that cannot be used are told in our own words: which one, what is wrong, what to write."""

from __future__ import annotations

from pathlib import Path

import pytest

from scheduler import config
from scheduler.config import _WANTED, Settings
from scheduler.domain.errors import BadInputs


def refused(monkeypatch: pytest.MonkeyPatch, **values: str) -> list[str]:
    for name, value in values.items():
        monkeypatch.setenv(f"LOOPWRIGHT_{name.upper()}", value)
    with pytest.raises(BadInputs) as error:
        config.load()
    return [f.text for f in error.value.faults]


@pytest.mark.parametrize(
    ("name", "value", "line"),
    [
        ("port", "many", "'many' is not a whole number from 0 to 65535"),
        ("port", "65536", "'65536' is not a whole number from 0 to 65535"),
        ("concurrency", "0", "'0' is not a whole number from 1 to 64"),
        ("concurrency", "1.5", "'1.5' is not a whole number from 1 to 64"),
        ("poll_seconds", "0", "'0' is not a number of seconds above 0, at most 900"),
        ("watch_days", "31", "'31' is not a whole number from 0 to 30"),
        ("digest_hour", "24", "'24' is not a whole number from 0 to 23, or -1"),
        ("answers_days", "0", "'0' is not a whole number from 1 to 365"),
        ("solve_memory_mb", "1", "'1' is not a whole number of megabytes, at least 512"),
        ("deployment", "My Firm", "'My Firm' is not 1 to 40 lower-case letters, digits and dashes"),
        ("worker", "", "'' is not 1 to 40 lower-case letters, digits and dashes"),
    ],
)
def test_a_setting_of_the_wrong_form(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, line: str
) -> None:
    found = refused(monkeypatch, **{name: value})
    assert found == [f"LOOPWRIGHT_{name.upper()}: {line}; see docs/settings.md"]


def test_ours_say_what_to_write(monkeypatch: pytest.MonkeyPatch) -> None:
    assert refused(monkeypatch, archive_days="13", api_token="short", base_url="http://hire.example.com") == [
        "LOOPWRIGHT_API_TOKEN: is too short; use at least 24 random characters",
        "LOOPWRIGHT_BASE_URL: is not an https address; write it as https://hire.example.com",
        "LOOPWRIGHT_ARCHIVE_DAYS: is too few; use 14 or more, or 0 for never",
    ]


def test_what_is_secret_is_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    (line,) = refused(monkeypatch, smtp="http://user:hunter2@host")
    assert "hunter2" not in line and line.startswith("LOOPWRIGHT_SMTP: its value is not smtp://")


def test_a_misspelt_line_of_the_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "loopwright.toml"
    file.write_text('prot = 80\nhost = ["a"]\n')
    found = refused(monkeypatch, config=str(file))
    assert found == [
        "LOOPWRIGHT_HOST: \"['a']\" is not a text; see docs/settings.md",
        "LOOPWRIGHT_PROT: no such setting; did you mean LOOPWRIGHT_PORT?",
    ]


def test_every_setting_that_is_no_text_says_what_it_may_hold() -> None:
    texts = {n for n, f in Settings.model_fields.items() if f.annotation is str and not f.metadata}
    assert set(_WANTED) == set(Settings.model_fields) - texts
