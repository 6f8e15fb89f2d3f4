"""Accounts and tokens on the command line."""
