"""Lever: its API and its webhooks."""
