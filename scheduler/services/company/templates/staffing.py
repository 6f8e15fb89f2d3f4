"""Whether the seats of a loop can be filled by different people at all."""

from __future__ import annotations

from collections.abc import Collection, Sequence

Wanted = tuple[str, int, Collection[str]]
"""An interview's id, how many people, out of whom."""


def short_of_people(wanted: Sequence[Wanted]) -> tuple[list[str], int, list[str]] | None:
    """The interviews that together want more different people than they may ask, or ``None``.

    Returns their ids, how many people they want, and everybody they may ask. By Hall's theorem an
    assignment exists exactly when no such group does; augmenting paths (Kuhn) find either.
    """
    places = [(n, frozenset(people)) for n, (_, count, people) in enumerate(wanted) for _ in range(count)]
    holder: dict[str, int] = {}
    for place in range(len(places)):
        tried: set[str] = set()
        if not _seated(place, places, holder, tried):
            stuck = {holder[p] for p in tried} | {place}
            names = dict.fromkeys(wanted[places[s][0]][0] for s in sorted(stuck))
            return list(names), len(stuck), sorted(tried)
    return None


def _seated(
    place: int, places: Sequence[tuple[int, frozenset[str]]], holder: dict[str, int], tried: set[str]
) -> bool:
    """Seat somebody on ``place``, moving others on where that helps (``holder``: person → place)."""
    for person in sorted(places[place][1]):
        if person in tried:
            continue
        tried.add(person)
        if person not in holder or _seated(holder[person], places, holder, tried):
            holder[person] = place
            return True
    return False
