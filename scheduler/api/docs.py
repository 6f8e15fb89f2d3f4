"""The API's own description: the OpenAPI document, and a page that needs no script."""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from fastapi import APIRouter, FastAPI, Query, Request
from fastapi.openapi.utils import get_openapi
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from pydantic import BaseModel

from scheduler.api.access import Action, Actor, needs
from scheduler.api.common import BASE
from scheduler.api.gate.door import Door
from scheduler.api.problems import Problem
from scheduler.services.asking.intake import StageEvent
from scheduler.services.company.file import CompanyFile, OwnTemplate, PersonFile, PoolFile, RoomFile

router = APIRouter(prefix=BASE, include_in_schema=False)
front = APIRouter(include_in_schema=False)
"""What stands before the API: its address alone leads to its description."""
Observer = Annotated[Actor, needs(Action.OBSERVE)]

_STYLE = """
:root { color-scheme: light dark; --paper: #fbfbf9; --card: #fff; --ink: #1d2530; --soft: #5b6675; --line: #e2e4e0;
--wash: #f2f3ef; --get: #1f6f50; --post: #8a4b08; --put: #35549b; --link: #1d5fbf }
@media (prefers-color-scheme: dark) { :root { --paper: #14181d; --card: #1b2027; --ink: #e4e8ec; --soft: #9aa5b1;
--line: #2d343d; --wash: #222932; --get: #6fcf9f; --post: #eab26b; --put: #95b2f5; --link: #85b4ff } }
* { box-sizing: border-box } html { scroll-padding-top: 1rem }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.55 system-ui, sans-serif }
.page { display: grid; grid-template-columns: 13rem minmax(0, 1fr); gap: 2.5rem; max-width: 74rem; margin: 0 auto;
padding: 2rem 1.25rem 6rem } nav { position: sticky; top: 2rem; align-self: start; font-size: .92rem;
max-height: calc(100vh - 4rem); overflow-y: auto } nav a { display: block; padding: .18rem 0; color: var(--soft);
text-decoration: none; text-transform: capitalize } nav a:hover { color: var(--link) } nav b { display: block }
@media (max-width: 50rem) { .page { grid-template-columns: minmax(0, 1fr); gap: 1rem } nav { position: static;
display: flex; flex-wrap: wrap; gap: 0 1rem } nav b { width: 100% } }
h1 { margin: 0; font-size: 1.9rem; line-height: 1.2 } h2 { margin: 2.6rem 0 .6rem; font-size: 1.2rem;
text-transform: capitalize } a { color: var(--link) } p { margin: .5rem 0; max-width: 44rem }
details { background: var(--card); border: 1px solid var(--line); border-radius: 8px; margin: .4rem 0 }
summary { cursor: pointer; padding: .55rem .8rem; display: flex; flex-wrap: wrap; gap: .1rem .7rem; align-items: baseline;
list-style: none } summary::-webkit-details-marker { display: none } summary:hover { background: var(--wash);
border-radius: 8px } summary:focus-visible, a:focus-visible { outline: 2px solid var(--link); outline-offset: 2px }
details[open] > summary { border-bottom: 1px solid var(--line); border-radius: 8px 8px 0 0 }
.inside { padding: .5rem .9rem .9rem; overflow-x: auto } details:target { border-color: var(--link) }
details:target::details-content { content-visibility: visible; block-size: auto }
code, pre { font: .86em/1.5 ui-monospace, "SF Mono", Menlo, monospace } p code, td code { background: var(--wash);
padding: .08em .3em; border-radius: 4px; overflow-wrap: anywhere } a code { white-space: nowrap } pre { background: var(--wash); padding: .7rem .9rem;
border-radius: 6px; overflow-x: auto; margin: .6rem 0 } .method { min-width: 3.4rem; font: 700 .82rem ui-monospace,
monospace } .get { color: var(--get) } .post { color: var(--post) } .put { color: var(--put) }
summary .soft { margin-left: auto; text-align: right } table { border-collapse: collapse; width: 100%; margin: .6rem 0;
font-size: .94rem } td, th { text-align: left; padding: .3rem .9rem .3rem 0; vertical-align: top;
border-bottom: 1px solid var(--line) } th { font-weight: 600; color: var(--soft) } tr:last-child td { border: 0 }
.soft { color: var(--soft) } .must { color: var(--post); font-size: .85em }
"""


_PROBLEM = {"$ref": "#/components/schemas/Problem"}
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
            _streams_as_of_now(found)
            schemas = found.setdefault("components", {}).setdefault("schemas", {})
            for model in NAMED:
                schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
                schemas |= schema.pop("$defs", {}) | {model.__name__: schema}
            found["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
            found["security"] = [{"token": []}]
            api.openapi_schema = found
        return api.openapi_schema

    api.openapi = document  # type: ignore[method-assign]


def _streams_as_of_now(document: Mapping[str, Any]) -> None:
    """What a stream consists of is ``itemSchema`` from OpenAPI 3.2 on; FastAPI 0.165 writes it into a document
    of 3.1 as well, where it is unknown."""
    for operations in document["paths"].values():
        for operation in operations.values():
            for answer in operation["responses"].values():
                for content in answer.get("content", {}).values():
                    if content.pop("itemSchema", None) is not None:
                        content["schema"] = {"type": "string"}


@front.get("/")
def get_front(
    request: Request, _: Observer, token: Annotated[str | None, Query(max_length=200)] = None
) -> RedirectResponse:
    """To the first page, or to the description where there are no pages; with a ticket the browser gets its
    cookie, and the ticket leaves the address."""
    answer = RedirectResponse(request.app.state.home, 307 if token is None else 303)
    if token is None:
        return answer
    door: Door = request.app.state.door
    entered = door.enter(request.scope, token)
    if entered is not None:
        answer.set_cookie(
            entered.name,
            entered.secret,
            max_age=entered.seconds,
            path="/",
            secure=entered.https,
            httponly=True,
            samesite="lax",  # so that who follows a link from a mail is still signed in
        )
    return answer


@router.get("/openapi.json")
def get_openapi_document(request: Request, _: Observer) -> Response:
    kept = request.app.state
    if not hasattr(kept, "description"):  # always the same, and long: who asks often makes nobody wait
        kept.description = JSONResponse(request.app.openapi()).body
    return Response(kept.description, media_type="application/json")


@router.get("/docs")
def get_docs(request: Request, _: Observer) -> HTMLResponse:
    page = "".join(_page(request.app.openapi()))
    policy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'"
    return HTMLResponse(page, headers={"content-security-policy": policy})


def _page(document: Mapping[str, Any]) -> Iterator[str]:
    info, groups = document["info"], _by_tag(document)
    yield "<!doctype html><html lang=en><meta charset=utf-8>"
    yield "<meta name=viewport content='width=device-width, initial-scale=1'>"
    yield f"<title>{_text(info['title'])} API</title><style>{_STYLE}</style><div class=page>"
    yield f"<nav aria-label=Sections><b>{_text(info['title'])}</b>"
    for tag in [*groups, "shapes"]:
        yield f"<a href='#-{_text(tag)}'>{_text(tag)}</a>"
    yield "</nav><main>"
    yield f"<h1>{_text(info['title'])} API</h1><p class=soft>version {_text(info['version'])} · "
    yield "<a href=openapi.json>openapi.json</a></p>"
    for paragraph in info["description"].split("\n\n"):
        yield f"<p>{_code(paragraph)}</p>"
    for tag, operations in groups.items():
        yield f"<h2 id='-{_text(tag)}'>{_text(tag)}</h2>"
        for method, path, operation in operations:
            yield from _operation(method, path, operation)
    yield "<h2 id='-shapes'>Shapes</h2>"
    for name, schema in sorted(document["components"]["schemas"].items()):
        yield from _schema(name, schema)
    yield "</main></div></html>"


def _by_tag(document: Mapping[str, Any]) -> dict[str, list[tuple[str, str, Mapping[str, Any]]]]:
    found: dict[str, list[tuple[str, str, Mapping[str, Any]]]] = {}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            found.setdefault((operation.get("tags") or ["other"])[0], []).append((method, path, operation))
    return found


def _operation(method: str, path: str, operation: Mapping[str, Any]) -> Iterator[str]:
    summary = _text(operation.get("summary", "").capitalize())
    yield f"<details><summary><span class='method {method}'>{method.upper()}</span><code>{_text(path)}</code>"
    yield f"<span class=soft>{summary}</span></summary><div class=inside>"
    for paragraph in operation.get("description", "").split("\n\n"):
        yield f"<p>{_code(paragraph)}</p>"
    if operation.get("parameters"):
        yield "<table><tr><th>Parameter<th>In<th>What"
        for p in operation["parameters"]:
            what = p.get("description") or _kind(p.get("schema", {}))
            yield f"<tr><td><code>{_text(p['name'])}</code>{_must(p.get('required'))}"
            yield f"<td>{_text(p['in'])}<td>{_code(what)}"
        yield "</table>"
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
    if body:
        yield f"<p>Body: {_link(body)}</p>"
    yield f"<pre>{_text(_curl(method, path, body is not None))}</pre><table><tr><th>Answer<th>What<th>Shape"
    refusals = []
    for status, answer in operation.get("responses", {}).items():
        if int(status) >= 400:
            refusals.append(f"{_text(status)} <span class=soft>{_text(answer['description'].lower())}</span>")
            continue
        media: Mapping[str, Any] = next(iter(answer.get("content", {}).values()), {})
        shape = _link(media["schema"]) if media.get("schema") else ""
        yield f"<tr><td>{_text(status)}<td>Success<td>{shape}"
    yield f"<tr><td>Refusals<td>{', '.join(refusals)}<td>{_link(_PROBLEM)}"
    yield "</table></div></details>"


def _curl(method: str, path: str, body: bool) -> str:
    """The request as a line for a shell, to be filled in."""
    verb = "" if method == "get" else f" -X {method.upper()}"
    sent = " -H 'Content-Type: application/json' -d @body.json" if body else ""
    return f'curl{verb} -H "Authorization: Bearer $TOKEN" "$LOOPWRIGHT{path}"{sent}'


def _must(needed: Any) -> str:
    return " <span class=must>needed</span>" if needed else ""


def _schema(name: str, schema: Mapping[str, Any]) -> Iterator[str]:
    yield f"<details id='{_text(name)}'><summary><code>{_text(name)}</code></summary><div class=inside>"
    yield f"<p>{_code(schema.get('description', ''))}</p>"
    if "enum" in schema:
        yield f"<p>One of {_text(_kind(schema))}</p>"
    if schema.get("properties"):
        yield "<table><tr><th>Field<th>Kind<th>What"
        for field, part in schema["properties"].items():
            yield f"<tr><td><code>{_text(field)}</code>{_must(field in schema.get('required', []))}"
            yield f"<td>{_link(part)}<td>{_code(_what(part))}"
        yield "</table>"
    yield "</div></details>"


def _what(schema: Mapping[str, Any]) -> str:
    """A field's description, an example, and its default."""
    said = [schema.get("description", "")]
    said += [f"e.g. `{example}`" for example in schema.get("examples", [])[:1]]
    if schema.get("default") not in (None, "", [], {}):
        said.append(f"default `{schema['default']}`")
    return ", ".join(part for part in said if part)


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
    parts = _text(text.replace("``", "`")).split("`")
    return "".join(f"<code>{p}</code>" if n % 2 else p for n, p in enumerate(parts))


def _text(value: Any) -> str:
    return html.escape(str(value))
