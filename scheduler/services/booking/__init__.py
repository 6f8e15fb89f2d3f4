"""From a chosen plan to events in calendars: taken in the database, written from the ledger, undone where it cannot be."""
