"""Every guard taken out, one by one: its test fails without it, and passes with it.

Told by `tests/broken/test_noticed.py`, which does the first half of it for every change.
"""

from __future__ import annotations

import argparse
import time

from tests.broken.running import run
from tests.broken.variants import VARIANTS, Variant


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="./dev chaos variants")
    parser.add_argument("word", nargs="*", help="only variants with this in their name")
    words = parser.parse_args(arguments).word
    chosen = [v for v in VARIANTS if not words or any(word in v.name for word in words)]
    began, unnoticed = time.monotonic(), 0
    for variant in chosen:
        verdict = _verdict(variant)
        unnoticed += verdict != "noticed"
        print(f"{variant.name:<46} {verdict}", flush=True)
    print(f"{len(chosen)} guards taken out, {unnoticed} unnoticed, {time.monotonic() - began:.0f} s")
    return 1 if unnoticed or not chosen else 0


def _verdict(variant: Variant) -> str:
    without = run(variant.told_by, variant.applied())
    if not without.by(variant.by):
        return f"UNNOTICED by {variant.told_by}: {without.failed or 'passed'}\n{without.text}"
    whole = run(variant.told_by)
    if not whole.well:
        return f"the test fails with the guard, too: {variant.told_by}: {whole.failed}\n{whole.text}"
    return "noticed"
