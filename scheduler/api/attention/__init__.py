"""What needs a person, and what is done about it."""
