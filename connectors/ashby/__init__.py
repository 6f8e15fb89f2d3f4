"""Ashby: its API and its webhooks."""
