"""``POST /$batch`` of the Graph stand-in: many requests in one, each judged by itself.

As the guide "Combine multiple HTTP requests using JSON batching" describes it: up to twenty requests with
ids of their own and relative addresses, carried out in any order but that of ``dependsOn``, answered in any
order; 424 where what a request depends on failed. Outlook carries four of them out at a time.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tests.connectors.servers import graph_schema as schema
from tests.connectors.servers.graph_payload import Refused

Outcome = tuple[int, dict[str, str], Any] | None
"""Status, headers and JSON of one request; ``None``: carried out, but the answer was lost."""

MOST = 20
AT_ONCE = 4


def serve(body: Any, authorization: str, single: Callable[..., Outcome]) -> dict[str, Any]:
    """The answer to a batch. ``single(method, target, headers, raw)`` carries one request out."""
    schema.check("extra.batch", body)
    steps = {str(step["id"]).casefold(): step for step in body["requests"]}
    _refuse_nonsense(body["requests"], steps)
    done: dict[str, Outcome] = {}
    with ThreadPoolExecutor(AT_ONCE) as pool:
        while len(done) < len(steps):
            ready = [i for i, s in steps.items() if i not in done and all(d in done for d in _needs(s))]
            if not ready:
                raise Refused(400, "BadRequest", "The dependencies go in a circle.")
            asked = {i: pool.submit(_one, steps[i], done, authorization, single) for i in ready}
            done |= {i: future.result() for i, future in asked.items()}
    answers = [_told(steps[i]["id"], outcome) for i, outcome in reversed(done.items())]
    answer = {"responses": answers}
    schema.check("extra.batch-answer", answer)
    return answer


def _refuse_nonsense(asked: list[dict[str, Any]], steps: Mapping[str, Any]) -> None:
    """What the guide says makes the whole batch a bad request."""
    if not 1 <= len(asked) <= MOST:
        raise Refused(400, "BadRequest", f"Number of batch request steps is not between 1 and {MOST}.")
    if len(steps) != len(asked) or "" in steps:
        raise Refused(400, "BadRequest", "Request ids must be unique and not empty.")
    for step in asked:
        if "://" in step["url"].partition("?")[0] or step["url"].startswith("//"):
            raise Refused(400, "BadRequest", "Request urls must be relative.")
        names = {name.casefold() for name in step.get("headers", {})}
        if "body" in step and "content-type" not in names:
            raise Refused(400, "BadRequest", "A request with a body needs a Content-Type.")
        if not set(_needs(step)) <= set(steps) - {step["id"].casefold()}:
            raise Refused(400, "BadRequest", "A request depends on one that is not there.")


def _needs(step: Mapping[str, Any]) -> list[str]:
    return [str(name).casefold() for name in step.get("dependsOn") or ()]


def _one(
    step: Mapping[str, Any], done: Mapping[str, Outcome], authorization: str, single: Callable[..., Outcome]
) -> Outcome:
    before = [done[name] for name in _needs(step)]
    if any(outcome is None or outcome[0] >= 400 for outcome in before):
        return 424, {}, {"error": {"code": "FailedDependency", "message": "What it depends on failed."}}
    headers = {name.lower(): value for name, value in step.get("headers", {}).items()}
    raw = json.dumps(step["body"]).encode() if "body" in step else b""
    return single(
        step["method"],
        "/v1.0/" + step["url"].lstrip("/"),
        {"authorization": authorization, **headers},
        raw,
    )


def _told(ident: str, outcome: Outcome) -> dict[str, Any]:
    if outcome is None:  # the gateway waited in vain for the service behind it
        outcome = 504, {}, {"error": {"code": "UnknownError", "message": "No answer in time."}}
    status, headers, body = outcome
    told: dict[str, Any] = {"id": ident, "status": status, "headers": dict(headers)}
    return told if body is None else told | {"body": body}
