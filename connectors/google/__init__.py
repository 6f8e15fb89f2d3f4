"""Google Calendar: people's busy times, the organizer's events, rooms and push channels."""
