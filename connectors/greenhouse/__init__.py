"""Greenhouse: Harvest v3 and its webhooks."""
