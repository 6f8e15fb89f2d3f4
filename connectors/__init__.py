"""Other people's systems: calendars, applicant tracking systems, mail."""

from connectors import zone_rules

zone_rules.take_newest()
