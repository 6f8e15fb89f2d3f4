"""People: who there is, whether their calendars can be read, their hours, caps, pauses and preferences."""
