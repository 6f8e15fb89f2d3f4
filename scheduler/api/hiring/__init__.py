"""Hiring systems: their webhooks, connections, automations, and what came in."""
