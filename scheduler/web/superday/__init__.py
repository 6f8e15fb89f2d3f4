"""Superdays: several loops planned as one, looked at, packed anew, booked at once."""
