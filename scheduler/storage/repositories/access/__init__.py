"""Accounts, tokens, and what somebody may see."""
