"""Shared by all connector tests: the conformance suite reports its assertions in full."""

from __future__ import annotations

import pytest

for part in ("kit", "availability", "events", "changes"):
    pytest.register_assert_rewrite(f"tests.connectors.conformance_{part}")
