"""Loops that wait at the same time are planned together, and around what is on offer to others."""
