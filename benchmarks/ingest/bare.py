"""An endpoint that verifies a webhook and keeps nothing: what the same server could do at best.

python benchmarks/ingest/bare.py PORT SECRET
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import uvicorn  # noqa: E402
from starlette.applications import Starlette  # noqa: E402
from starlette.requests import Request  # noqa: E402
from starlette.responses import JSONResponse, Response  # noqa: E402
from starlette.routing import Route  # noqa: E402

from connectors.greenhouse.push import read  # noqa: E402
from connectors.hiring.signatures import Forged  # noqa: E402


async def heard(request: Request) -> Response:
    try:
        message = read(await request.body(), request.headers, [sys.argv[2]], time.time())
    except Forged:
        return Response(status_code=401)
    return JSONResponse({"delivery": message.key, "new": True})


if __name__ == "__main__":
    app = Starlette(routes=[Route("/{path:path}", heard, methods=["POST"])])
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="error")
