"""Today: what needs a person, the interviews of these days, how many loops stand where."""
