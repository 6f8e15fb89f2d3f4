"""What browsers keep: found by a digest, packed where it may be, and few lines of script."""

from __future__ import annotations

import gzip
import re

from scheduler.web.frame import assets
from tests.scheduler.kit import Kit
from tests.scheduler.web.plain import Plain

MOST_LINES = 400


def test_the_modules_are_few_lines_and_all_our_own() -> None:
    scripts = sorted(assets.FOLDER.glob("*.js"))
    text = "".join(path.read_text() for path in scripts)
    assert sum(len(path.read_text().splitlines()) for path in scripts) <= MOST_LINES
    assert set(re.findall(r"import .*?'(.+?)'", text)) <= {f"./{path.name}" for path in scripts}
    assert "://" not in text and max(map(len, text.splitlines())) < 220


def test_one_sheet_and_no_foreign_address_in_it() -> None:
    (sheet,) = assets.FOLDER.glob("*.css")
    assert "url(" not in sheet.read_text() and "@import" not in sheet.read_text()


def test_a_file_is_kept_for_ever_under_its_digest_alone(kit: Kit) -> None:
    site = Plain(kit, signed_in=False)
    address = assets.address("console.css")
    packed = site.get(address, headers={"accept-encoding": "gzip"})
    plain = site.get(address, headers={"accept-encoding": "identity"})
    assert packed.headers["content-encoding"] == "gzip" and "content-encoding" not in plain.headers
    assert packed.content == plain.content == (assets.FOLDER / "console.css").read_bytes()
    assert (
        "immutable" in plain.headers["cache-control"] and plain.headers["x-content-type-options"] == "nosniff"
    )
    assert int(packed.headers["content-length"]) == len(gzip.compress(plain.content, mtime=0))
    for wrong in (
        address.replace("console", "other"),
        "/static/0000000000000000/console.css",
        "/static/x/..%2fmain.py",
    ):
        assert site.get(wrong).status_code in (401, 404)
