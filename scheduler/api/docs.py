"""The API's own description: the OpenAPI document, and a page that needs no script."""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.openapi.utils import get_openapi
from fastapi.responses import HTMLResponse, JSONResponse
from pydantic import BaseModel

from scheduler.api.access import Action, Actor, needs
from scheduler.api.problems import Problem
from scheduler.services.company_model import CompanyFile, OwnTemplate, PersonFile, PoolFile, RoomFile
from scheduler.services.intake import StageEvent

router = APIRouter(include_in_schema=False)
Observer = Annotated[Actor, needs(Action.OBSERVE)]

_STYLE = """
:root { color-scheme: light dark; --line: #8884; --soft: #8882; --accent: #0a7; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
h1 { margin-bottom: 0 } h2 { margin-top: 2.5rem; border-bottom: 1px solid var(--line); text-transform: capitalize }
details { border: 1px solid var(--line); border-radius: 8px; margin: .5rem 0; padding: .5rem .8rem }
summary { cursor: pointer } code, pre { font: 13px/1.45 ui-monospace, monospace }
pre { background: var(--soft); padding: .7rem; border-radius: 6px; overflow-x: auto }
.method { display: inline-block; min-width: 3.6rem; font-weight: 700; color: var(--accent) }
table { border-collapse: collapse; width: 100%; margin: .5rem 0 } td, th { text-align: left; padding: .25rem .6rem .25rem 0;
vertical-align: top; border-bottom: 1px solid var(--soft) } .soft { opacity: .7 }
"""


NAMED: tuple[type[BaseModel], ...] = (
    Problem,
    StageEvent,
    CompanyFile,
    PersonFile,
    PoolFile,
    RoomFile,
    OwnTemplate,
)
"""Shapes that routes only name: what is refused, and bodies that are read by hand."""


def describe(api: FastAPI) -> None:
    """Let the app describe itself with the one shape of every refusal."""

    def document() -> dict[str, Any]:
        if api.openapi_schema is None:
            found = get_openapi(
                title=api.title, version=api.version, description=api.description, routes=api.routes
            )
            schemas = found.setdefault("components", {}).setdefault("schemas", {})
            for model in NAMED:
                schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
                schemas |= schema.pop("$defs", {}) | {model.__name__: schema}
            found["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
            found["security"] = [{"token": []}, {}]
            api.openapi_schema = found
        return api.openapi_schema

    api.openapi = document  # type: ignore[method-assign]


@router.get("/openapi.json")
def get_openapi_document(request: Request, _: Observer) -> JSONResponse:
    return JSONResponse(request.app.openapi())


@router.get("/docs")
def get_docs(request: Request, _: Observer) -> HTMLResponse:
    page = "".join(_page(request.app.openapi()))
    policy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"
    return HTMLResponse(page, headers={"content-security-policy": policy})


def _page(document: Mapping[str, Any]) -> Iterator[str]:
    info = document["info"]
    yield "<!doctype html><html lang=en><meta charset=utf-8>"
    yield "<meta name=viewport content='width=device-width'>"
    yield f"<title>{_text(info['title'])} API</title><style>{_STYLE}</style>"
    yield f"<h1>{_text(info['title'])} API</h1><p class=soft>version {_text(info['version'])} · "
    yield "<a href=openapi.json>openapi.json</a></p>"
    for paragraph in info["description"].split("\n\n"):
        yield f"<p>{_code(paragraph)}</p>"
    schemas = document["components"]["schemas"]
    for tag, operations in _by_tag(document).items():
        yield f"<h2>{_text(tag)}</h2>"
        for method, path, operation in operations:
            yield from _operation(method, path, operation)
    yield "<h2>Shapes</h2>"
    for name, schema in sorted(schemas.items()):
        if name not in ("HTTPValidationError", "ValidationError"):
            yield from _schema(name, schema)
    yield "</html>"


def _by_tag(document: Mapping[str, Any]) -> dict[str, list[tuple[str, str, Mapping[str, Any]]]]:
    found: dict[str, list[tuple[str, str, Mapping[str, Any]]]] = {}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            found.setdefault((operation.get("tags") or ["other"])[0], []).append((method, path, operation))
    return found


def _operation(method: str, path: str, operation: Mapping[str, Any]) -> Iterator[str]:
    summary = _text(operation.get("summary", ""))
    yield f"<details><summary><span class=method>{method.upper()}</span> <code>{_text(path)}</code> "
    yield f"<span class=soft>{summary}</span></summary>"
    for paragraph in operation.get("description", "").split("\n\n"):
        yield f"<p>{_code(paragraph)}</p>"
    if operation.get("parameters"):
        yield "<table><tr><th>parameter<th>where<th>what"
        for p in operation["parameters"]:
            what = p.get("description") or _kind(p.get("schema", {}))
            needed = " (needed)" if p.get("required") else ""
            yield f"<tr><td><code>{_text(p['name'])}</code>{needed}<td>{_text(p['in'])}<td>{_text(what)}"
        yield "</table>"
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
    if body:
        yield f"<p>Body: {_link(body)}</p>"
    yield "<table><tr><th>answer<th>what"
    for status, answer in operation.get("responses", {}).items():
        media: Mapping[str, Any] = next(iter(answer.get("content", {}).values()), {})
        content = media.get("schema")
        shape = f" {_link(content)}" if content else ""
        yield f"<tr><td>{_text(status)}<td>{_text(answer.get('description', ''))}{shape}"
    yield "</table></details>"


def _schema(name: str, schema: Mapping[str, Any]) -> Iterator[str]:
    yield f"<details id='{_text(name)}'><summary><code>{_text(name)}</code></summary>"
    yield f"<p>{_code(schema.get('description', ''))}</p><table><tr><th>field<th>kind<th>what"
    needed = schema.get("required", [])
    for field, part in schema.get("properties", {}).items():
        mark = " (needed)" if field in needed else ""
        yield f"<tr><td><code>{_text(field)}</code>{mark}<td>{_link(part)}<td>{_text(part.get('description', ''))}"
    yield "</table></details>"


def _link(schema: Mapping[str, Any]) -> str:
    """A schema in words, with links to the shapes it names."""
    if "$ref" in schema:
        name = _text(str(schema["$ref"]).rpartition("/")[2])
        return f"<a href='#{name}'><code>{name}</code></a>"
    for key in ("anyOf", "oneOf", "allOf"):
        if key in schema:
            return " or ".join(_link(part) for part in schema[key])
    if schema.get("type") == "array":
        return f"list of {_link(schema.get('items', {}))}"
    return _text(_kind(schema))


def _kind(schema: Mapping[str, Any]) -> str:
    if "enum" in schema:
        return " | ".join(map(str, schema["enum"]))
    return str(schema.get("format") or schema.get("type") or "anything")


def _code(text: str) -> str:
    """Escaped text with `back-ticked` parts as code."""
    parts = _text(text).split("`")
    return "".join(f"<code>{p}</code>" if n % 2 else p for n, p in enumerate(parts))


def _text(value: Any) -> str:
    return html.escape(str(value))
