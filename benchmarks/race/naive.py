"""The measure: a check-then-insert endpoint as it is often written: ``naive.py DATABASE PORT``.

It books twice as soon as two ask at once, which is why nobody should have it; as little work as an answer
over the same kind of database can be is what it is good for. Raising its isolation would make it right and slower.
"""

from __future__ import annotations

import sys

import sqlalchemy as sa
import uvicorn
from fastapi import FastAPI, Response

TABLE = sa.Table(
    "naive",
    sa.MetaData(),
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("who", sa.Text),
    sa.Column("a", sa.Integer),
    sa.Column("b", sa.Integer),
)


def main(url: str, port: int) -> None:
    engine = sa.create_engine(url, pool_size=20, max_overflow=40)
    TABLE.metadata.create_all(engine)
    app = FastAPI()

    @app.get("/api/v1/health")
    def health() -> dict[str, bool]:
        return {"ok": True}

    @app.post("/book/{who}/{a}/{b}")
    def book(who: str, a: int, b: int) -> Response:
        with engine.connect() as connection:
            there = sa.select(TABLE.c.id).where(TABLE.c.who == who, TABLE.c.a < b, TABLE.c.b > a)
            if connection.execute(there).first():
                return Response(status_code=409)
        with engine.begin() as connection:
            connection.execute(sa.insert(TABLE).values(who=who, a=a, b=b))
        return Response(status_code=200)

    uvicorn.run(app, host="127.0.0.1", port=port, log_level="error")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
