"""What needs a person, and what was said of it."""
