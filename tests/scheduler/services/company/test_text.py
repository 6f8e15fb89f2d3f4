"""The text of a company file: what is read as what, and what is refused, with its line."""

from __future__ import annotations

import time

import pytest
import yaml

from scheduler.domain.errors import BadInputs
from scheduler.services.company import text as company_text
from scheduler.services.company.text import MAX_BYTES, MAX_DEPTH, Syntax, parsed


def refused(text: str, syntax: Syntax = "yaml") -> str:
    with pytest.raises(BadInputs) as caught:
        parsed(text, syntax, "file")
    assert len(caught.value.faults) == 1
    return str(caught.value)


@pytest.mark.usefixtures("loader")
def test_plain_yaml_is_what_it_looks_like() -> None:
    text = """
    count: 12
    share: 1.5
    minus: -3
    open: true
    shut: false
    none:
    nothing: null
    mode: off
    country: NO
    clock: 12:30
    date: 2026-12-24
    octal: 017
    quoted: "5"
    single: 'it''s'
    long: 123456789012345678901234567890
    agenda: |
      one
      two
    list: [a, 2, [b]]
    """
    assert parsed(text, "yaml", "file") == {
        "count": 12,
        "share": 1.5,
        "minus": -3,
        "open": True,
        "shut": False,
        "none": None,
        "nothing": None,
        "mode": "off",
        "country": "NO",
        "clock": "12:30",
        "date": "2026-12-24",
        "octal": "017",
        "quoted": "5",
        "single": "it's",
        "long": "123456789012345678901234567890",
        "agenda": "one\ntwo\n",
        "list": ["a", 2, ["b"]],
    }


@pytest.fixture(params=["with libyaml", "without"])
def loader(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both parsers: some machines have no libyaml."""
    if request.param == "without":
        monkeypatch.setattr(company_text, "_Loader", yaml.SafeLoader)


@pytest.mark.usefixtures("loader")
@pytest.mark.parametrize(
    ("text", "line", "word"),
    [
        ("a: 1\na: 2", 2, "gives 'a' twice"),
        ("x:\n  b: 1\n  c: 2\n  b: 3", 4, "gives 'b' twice"),
        ("a: &x 1\nb: *x", 1, "uses the anchor 'x'"),
        ("a: 1\nb: &list [1]", 2, "uses the anchor 'list'"),
        ("a: *gone", 1, "uses the anchor 'gone'"),
        ("base: 1\n<<: {a: 1}", 2, "merges with `<<`"),
        ("a: !!python/object/apply:os.system [ls]", 1, "uses the tag"),
        ("a: !env HOME", 1, "uses the tag"),
        ("? [a]\n: b", 1, "a list or mapping as a name"),
        ("a: 1\n---\nb: 2", 2, "a second document"),
        ("a: 1\n b: 2", 2, "is not YAML"),
        ("a: [1,\nb: 2", 2, "is not YAML"),
        ("a: 1\nb: @foo", 2, "is not YAML"),
        ("a: 1\nb: x\x07", 2, "U+0007"),
        ("ä: 1\nb: \ufffe", 2, "U+FFFE"),
        ("a: 1\nb: x\0", 2, "U+0000"),
        ("a: 1\nb: \ud800", 2, "U+D800"),
    ],
)
def test_what_yaml_is_refused_for_names_the_line(text: str, line: int, word: str) -> None:
    said = refused(text)
    assert said.startswith(f"file line {line}: ")
    assert word in said


def test_tabs_get_a_hint() -> None:
    assert refused("a:\n\tb: 1").endswith("indent with spaces, not tabs")


@pytest.mark.parametrize("text", ["", "# nothing here\n", "---\n"])
def test_an_empty_file_says_what_to_start_with(text: str) -> None:
    assert refused(text) == "file: is empty; start with `company:` and its `name:`"


def test_a_list_at_the_top_is_refused() -> None:
    assert (
        refused("- a\n- b") == "file: holds a list, not named sections; start with `company:` and its `name:`"
    )


def test_a_byte_order_mark_is_overlooked() -> None:
    assert parsed("\ufeffa: 1", "yaml", "file") == {"a": 1}


def test_escapes_cannot_bring_control_characters_in() -> None:
    with pytest.raises(BadInputs) as caught:
        parsed('a:\n- {name: "x\\u0007"}\n- "y\\0"\n"k\\e": 1', "yaml", "file")
    assert [f.text for f in caught.value.faults] == [
        "a[0].name: holds the control character U+0007; remove it",
        "a[1]: holds the control character U+0000; remove it",
        "'k\\x1b': holds the control character U+001B; remove it",
    ]


@pytest.mark.parametrize(
    "text", ["[" * 1_000_000, "{a: " * 300_000, "a:\n" + "- " * 5_000 + "b", "a: " + "[" * (MAX_DEPTH + 1)]
)
def test_deep_nesting_is_refused_at_once(text: str) -> None:
    begin = time.perf_counter()
    assert "nested too deeply" in refused(text)
    assert time.perf_counter() - begin < 5.0


def test_the_deepest_nesting_is_read() -> None:
    assert parsed("a: " + "[" * (MAX_DEPTH - 1) + "]" * (MAX_DEPTH - 1), "yaml", "file")


@pytest.mark.parametrize("syntax", ["yaml", "toml"])
def test_a_file_is_at_most_two_megabytes(syntax: Syntax) -> None:
    line = "a: 1 #" if syntax == "yaml" else "a = 1 #"
    assert parsed(line + "é" * ((MAX_BYTES - len(line)) // 2), syntax, "file") == {"a": 1}
    assert (
        refused(line + "é" * (MAX_BYTES // 2), syntax)
        == "file: is larger than 2 MB, the most a company file may hold; check that it is the right file"
    )


@pytest.mark.parametrize(
    ("text", "where", "word"),
    [
        ("a = 1\na = 2\n", "file line 2", "is not TOML"),
        ("a = 1\n[b]\n[b]\n", "file line 3", "is not TOML"),
        ("a = 1\nb = \n", "file line 2", "is not TOML"),
        ("a = '''x", "file line 1", "is not TOML"),
        ("a = 1\n\0", "file line 2", "U+0000"),
        ("a = " + "[" * 3_000, "file", "nested too deeply"),
        ("a" + ".a" * 500 + " = 1", "file", "nested too deeply"),
        ("a = 1" + "0" * 5_000, "file line 1", "is not TOML"),
    ],
)
def test_what_toml_is_refused_for(text: str, where: str, word: str) -> None:
    said = refused(text, "toml")
    assert said.startswith(where + ": ")
    assert word in said
    assert len(said) < 400


def test_toml_keeps_control_characters_out_too() -> None:
    assert refused('a = "x\\u0000"', "toml") == "a: holds the control character U+0000; remove it"
