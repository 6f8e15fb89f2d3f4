"""Audit: everything that has happened, by whom, found and taken along as a file."""
