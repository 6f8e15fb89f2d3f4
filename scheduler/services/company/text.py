"""From the text of a company file to plain values: YAML or TOML, nothing clever, nothing dangerous.

Of YAML the plain part is read: mappings, lists, text, decimal numbers, ``true``/``false``, ``null``.
Anchors, tags and merge keys are refused (they are what makes a small file explode), and so is a key
that is given twice. Words such as ``off``, ``no`` or ``12:30`` stay the text that they look like.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterator
from typing import Any, Literal

import yaml

from scheduler.domain.errors import BadInput, BadInputs

Syntax = Literal["yaml", "toml"]

MAX_BYTES = 2_000_000
MAX_DEPTH = 32

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""Only its parser is used; the values are put together here, one event at a time."""

_BROKEN = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What YAML 1.2 (5.1) does not allow in a file, and no TOML needs: control characters, half characters."""
_INT = re.compile(r"[-+]?(0|[1-9][0-9]{0,17})")
_FLOAT = re.compile(r"[-+]?[0-9]{1,17}\.[0-9]{1,17}")
_WORDS: dict[str, Any] = {"true": True, "false": False, "null": None, "~": None, "": None}


def parsed(text: str, syntax: Syntax, source: str) -> dict[str, Any]:
    """The top-level mapping of a file.

    Raises `BadInputs`; a fault of syntax names ``source`` and the line, as there is no path yet.
    """
    size = len(text.encode(errors="surrogatepass"))
    if size > MAX_BYTES:
        raise BadInputs(
            [
                BadInput(
                    source,
                    f"is larger than {MAX_BYTES // 1_000_000} MB, the most a company file may hold",
                    "check that it is the right file",
                )
            ]
        )
    text = text.removeprefix("\ufeff")
    broken = _BROKEN.search(text)
    if broken:
        where = _at(source, text[: broken.start()].count("\n") + 1)
        raise BadInputs(
            [
                BadInput(
                    where, f"holds the character U+{ord(broken[0]):04X}", "save the file as plain UTF-8 text"
                )
            ]
        )
    return plain(_toml(text, source) if syntax == "toml" else _yaml(text, source), source)


def plain(value: Any, source: str) -> dict[str, Any]:
    """``value`` where it is named fields of plain values, not too deep and without control characters.

    Raises `BadInputs`, naming ``source`` where there is no path.
    """
    if _depth(value) > MAX_DEPTH:
        raise BadInputs([BadInput(source, "is nested too deeply", f"at most {MAX_DEPTH} levels")])
    if not isinstance(value, dict):
        fault = "is empty" if value is None else f"holds {kind(value)}, not named sections"
        raise BadInputs([BadInput(source, fault, "start with `company:` and its `name:`")])
    faults = list(_unprintable(value, ""))
    if faults:
        raise BadInputs(faults)
    return value


def kind(value: object) -> str:
    """What a value is, in a word for people."""
    if value is None:
        return "nothing"
    names = {bool: "a yes or no", int: "a number", float: "a number", str: "a text", list: "a list"}
    return names.get(type(value), "named fields" if isinstance(value, dict) else "a date or time")


def _at(source: str, line: int) -> str:
    return f"{source} line {line}"


def _toml(text: str, source: str) -> Any:
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise BadInputs([BadInput(source, "is nested too deeply", f"at most {MAX_DEPTH} levels")]) from None
    except ValueError as error:
        found = re.search(r"\(at line (\d+), column \d+\)", str(error))
        last = text.rstrip("\n").count("\n") + 1
        where = _at(source, int(found.group(1)) if found else last)
        what = re.sub(r"\s*\(at .*\)$", "", str(error))
        raise BadInputs([BadInput(where, f"is not TOML: {_first_lower(what)}", "mend the syntax")]) from None


def _first_lower(text: str) -> str:
    return text[:1].lower() + text[1:]


def _yaml(text: str, source: str) -> Any:
    try:
        return _Composer(source, _Loader(text)).value()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        what = " ".join(w for w in (error.problem, error.context) if w)
        lines = text.rstrip("\n").split("\n")
        number = min(mark.line, len(lines) - 1) if mark else 0
        fix = _yaml_hint(lines[number])
        raise BadInputs([BadInput(_at(source, number + 1), f"is not YAML: {what}", fix)]) from None


def _yaml_hint(line: str) -> str:
    if "\t" in line[: len(line) - len(line.lstrip())]:
        return "indent with spaces, not tabs"
    return "check the indentation, and put texts with `:`, `#` or `@` in quotes"


def _depth(value: Any) -> int:
    """Levels of nesting, level by level, stopping when there are too many."""
    levels, here = 0, [value]
    while here and levels <= MAX_DEPTH:
        inner = [v for v in here if isinstance(v, dict | list)]
        here = [i for v in inner for i in (v.values() if isinstance(v, dict) else v)]
        levels += bool(inner)
    return levels


class _Composer:
    """Puts values together from parser events: one pass, no recursion, faults with their line."""

    def __init__(self, source: str, loader: Any) -> None:
        self.source = source
        self.loader = loader
        self.line = 1
        self.root: Any = None
        self.open: list[dict[str, Any] | list[Any]] = []
        self.keys: list[str | None] = []

    def value(self) -> Any:
        documents = 0
        while self.loader.check_event():
            event = self.loader.get_event()
            self.line = event.start_mark.line + 1
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise self._fault("starts a second document", "keep one company in one file")
            else:
                self._take(event)
        return self.root

    def _fault(self, fault: str, fix: str) -> BadInputs:
        return BadInputs([BadInput(_at(self.source, self.line), fault, fix)])

    def _take(self, event: Any) -> None:
        if getattr(event, "anchor", None) is not None:
            raise self._fault(
                f"uses the anchor {event.anchor!r}", "write the value out, or put it under `defaults:`"
            )
        if isinstance(event, yaml.ScalarEvent):
            self._add(self._scalar(event))
        elif isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
            if event.tag is not None:
                raise self._fault(f"uses the tag {event.tag!r}", "leave tags (`!`) out")
            self._enter({} if isinstance(event, yaml.MappingStartEvent) else [])
        elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
            self.open.pop()
            self.keys.pop()

    def _enter(self, container: dict[str, Any] | list[Any]) -> None:
        if len(self.open) >= MAX_DEPTH:
            raise self._fault("is nested too deeply", f"at most {MAX_DEPTH} levels")
        self._add(container)
        self.open.append(container)
        self.keys.append(None)

    def _add(self, value: Any) -> None:
        if not self.open:
            self.root = value
            return
        container, key = self.open[-1], self.keys[-1]
        if isinstance(container, list):
            container.append(value)
        elif key is None:
            self.keys[-1] = self._key(value, container)
        else:
            container[key] = value
            self.keys[-1] = None

    def _key(self, value: Any, container: dict[str, Any]) -> str:
        if isinstance(value, dict | list):
            raise self._fault("uses a list or mapping as a name", "names are plain words")
        key = value if isinstance(value, str) else str(value)
        if key == "<<":
            raise self._fault("merges with `<<`", "write the fields out, or put them under `defaults:`")
        if key in container:
            raise self._fault(f"gives {key!r} twice", "keep one of the two")
        return key

    def _scalar(self, event: Any) -> Any:
        if event.tag is not None and event.tag != "!":
            raise self._fault(f"uses the tag {event.tag!r}", "leave tags (`!`) out")
        text: str = event.value
        if event.style not in (None, ""):
            return text
        if text in _WORDS:
            return _WORDS[text]
        if _INT.fullmatch(text):
            return int(text)
        return float(text) if _FLOAT.fullmatch(text) else text


def _unprintable(value: Any, path: str) -> Iterator[BadInput]:
    """Control characters and lone surrogates anywhere: no calendar and no database takes them."""
    if isinstance(value, str):
        bad = next((c for c in value if c not in "\n\t" and unicodedata.category(c) in ("Cc", "Cs")), None)
        if bad is not None:
            yield BadInput(path, f"holds the control character U+{ord(bad):04X}", "remove it")
    elif isinstance(value, dict):
        for key, item in value.items():
            shown = key if key.isprintable() else ascii(key)
            inner = f"{path}.{shown}" if path else shown
            yield from _unprintable(key, inner)
            yield from _unprintable(item, inner)
    elif isinstance(value, list):
        for n, item in enumerate(value):
            yield from _unprintable(item, f"{path}[{n}]")
