"""Microsoft 365: people's busy times, the organizer's events, rooms and push over Microsoft Graph."""
