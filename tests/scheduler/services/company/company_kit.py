"""A small company file as plain values, to be broken one field at a time."""

from __future__ import annotations

import copy
from typing import Any

import yaml

from scheduler.domain.company import Company
from scheduler.domain.errors import BadInputs
from scheduler.services.company.read import read_company

SMALL: dict[str, Any] = {
    "company": {"name": "Feldweg", "organizer": "interviews@feldweg.example"},
    "sites": [{"id": "leipzig", "zone": "Europe/Berlin", "country": "DE-SN"}],
    "people": [
        {"id": "ida", "name": "Ida Brandt", "email": "ida@feldweg.example", "skills": ["sql"]},
        {"id": "noah", "name": "Noah Winter", "email": "noah@feldweg.example"},
        {"id": "mira", "name": "Mira Costa", "email": "mira@feldweg.example", "level": "senior"},
    ],
    "pools": [
        {"id": "backend", "qualified": ["ida", "noah"], "trainee": ["mira"]},
        {"id": "data", "qualified": ["mira"]},
    ],
    "rooms": [
        {
            "id": "oak",
            "capacity": 4,
            "calendar": "oak@feldweg.example",
            "features": ["whiteboard"],
        }
    ],
    "templates": [
        {
            "id": "onsite",
            "title": "On site",
            "interviews": [
                {"id": "first", "title": "First", "minutes": 45, "seats": [{"pool": "backend"}]},
                {
                    "id": "second",
                    "title": "Second",
                    "minutes": 60,
                    "after": ["first"],
                    "seats": [{"pool": "data"}],
                },
            ],
        }
    ],
    "policy": {"stages": [{"stage": "On-site", "template": "onsite"}]},
}


def small(**changes: Any) -> dict[str, Any]:
    """A copy of the small company; ``changes`` map ``a__0__b`` to a new value there (``None`` removes)."""
    data = copy.deepcopy(SMALL)
    for where, value in changes.items():
        put(data, where.split("__"), value)
    return data


def put(data: Any, path: list[str], value: Any) -> None:
    *way, last = path
    for part in way:
        data = data[int(part)] if isinstance(data, list) else data[part]
    if isinstance(data, list):
        if int(last) == len(data):
            data.append(value)
        else:
            data[int(last)] = value
    elif value is None:
        data.pop(last, None)
    else:
        data[last] = value


def read(data: Any) -> Company:
    """The company of plain values, by way of YAML text."""
    return read_company(yaml.safe_dump(data, allow_unicode=True, sort_keys=False), "yaml", "company.yaml")


def faults(data: Any) -> list[str]:
    """The lines that reading ends with; empty where it succeeds."""
    try:
        read(data)
    except BadInputs as error:
        assert str(error) == "\n".join(f.text for f in error.faults)
        return [f.text for f in error.faults]
    return []
