"""`./dev chaos`: what takes too long for every change, each by a word of its own."""

from __future__ import annotations

import importlib
import sys

WORDS = {
    "variants": "each guard taken out, and the test that must fail; the same test with the guard",
    "kill": "kill -9 at every point x bad days of the calendars x both databases",
    "machine": "long games of people and crashes in any order",
    "edits": "random changes by hand of random loops, tried and then done",
    "day": "one day of a company of ten thousand, three hundred loops",
}


def main(arguments: list[str]) -> int:
    if not arguments or arguments[0] not in WORDS:
        unknown = (
            f"chaos: nothing is called {arguments[0]!r}; there are:" if arguments else "usage: ./dev chaos"
        )
        print(unknown, *(f"  {word:<10} {what}" for word, what in WORDS.items()), sep="\n")
        return 2 if arguments else 0
    module = importlib.import_module(f"tests.chaos.{arguments[0]}")
    status: int = module.main(arguments[1:])
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
