"""The app: plans, books and repairs interview loops."""

from connectors import zone_rules

zone_rules.take_newest()
