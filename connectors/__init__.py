"""Other people's systems: calendars, applicant tracking systems, mail."""
