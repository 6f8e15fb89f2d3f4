"""What comes at once is kept in one go, and everybody gets their own answer."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence

import pytest

from scheduler.services.systems import Together


def asked(together: Together, numbers: Sequence[int], work: object) -> dict[int, object]:
    found: dict[int, object] = {}

    def one(n: int) -> None:
        try:
            found[n] = together.ask(n, work)  # type: ignore[arg-type]
        except ValueError as error:
            found[n] = error

    threads = [threading.Thread(target=one, args=(n,)) for n in numbers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert not any(thread.is_alive() for thread in threads)
    return found


@pytest.mark.parametrize("most", [1, 3, 64])
def test_everybody_has_their_own_answer_in_few_goes(most: int) -> None:
    goes: list[int] = []

    def work(given: Sequence[int]) -> list[int]:
        goes.append(len(given))
        time.sleep(0.01)
        return [n * 10 for n in given]

    assert asked(Together(most), range(40), work) == {n: n * 10 for n in range(40)}
    assert sum(goes) == 40
    assert max(goes) <= most
    assert len(goes) < 40 or most == 1


def test_who_comes_alone_waits_for_nobody() -> None:
    together = Together()
    assert [together.ask(n, lambda given: list(given)) for n in range(3)] == [0, 1, 2]


def test_what_goes_wrong_is_told_to_all_of_one_go_and_the_next_goes_on() -> None:
    together = Together()

    def work(given: Sequence[int]) -> list[int]:
        time.sleep(0.01)
        if 7 in given:
            raise ValueError("seven")
        return list(given)

    found = asked(together, range(20), work)
    assert isinstance(found[7], ValueError)
    assert all(answer == n or isinstance(answer, ValueError) for n, answer in found.items())
    assert together.ask(8, work) == 8
