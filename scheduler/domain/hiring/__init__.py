"""Hiring systems: which are connected, whom of theirs we know, and what a stage asks for."""
