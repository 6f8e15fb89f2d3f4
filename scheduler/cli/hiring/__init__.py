"""Hiring systems from the command line."""
