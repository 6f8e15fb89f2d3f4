"""The sheet, the modules and the pictures: read once, sent compressed, kept by browsers for ever.

Their address holds a digest of all of them: a new version has a new address, and the modules find each other
beside themselves.

Told by `tests/scheduler/web/test_assets.py`.
"""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Header, Response
from fastapi import Path as InPath

from scheduler.domain.errors import Missing

router = APIRouter(include_in_schema=False)
FOLDER = Path(__file__).parents[1] / "static"
KINDS = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_KEPT = {"cache-control": "public, max-age=31536000, immutable", "vary": "Accept-Encoding"}


@dataclass(frozen=True)
class Asset:
    """One file as it is sent."""

    kind: str
    plain: bytes
    packed: bytes


@lru_cache(maxsize=1)
def assets() -> tuple[str, dict[str, Asset]]:
    """The digest of all files, and the files by name."""
    whole, found = hashlib.sha256(), {}
    for path in sorted(FOLDER.iterdir()):
        if path.suffix in KINDS:
            data = path.read_bytes()
            whole.update(path.name.encode() + b"\0" + data)
            found[path.name] = Asset(
                f"{KINDS[path.suffix]}; charset=utf-8", data, gzip.compress(data, mtime=0)
            )
    return whole.hexdigest()[:16], found


def address(name: str) -> str:
    """Where a page finds the file of that name."""
    digest, found = assets()
    if name not in found:
        raise Missing("file", name)
    return f"/static/{digest}/{name}"


@router.get("/static/{digest}/{name}")
def get_asset(
    digest: Annotated[str, InPath(max_length=16)],
    name: Annotated[str, InPath(max_length=60)],
    accept_encoding: Annotated[str, Header()] = "",
) -> Response:
    known, found = assets()
    if digest != known or name not in found:
        raise Missing("file", name)
    asset = found[name]
    packed = "gzip" in accept_encoding
    headers = {**_KEPT, **({"content-encoding": "gzip"} if packed else {})}
    return Response(asset.packed if packed else asset.plain, media_type=asset.kind, headers=headers)
