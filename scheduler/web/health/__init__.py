"""Health: what the deployment needs, what waits in queues, calendars, zone rules, and messages that failed."""
