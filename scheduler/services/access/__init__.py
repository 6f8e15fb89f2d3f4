"""Accounts of people and tokens of programs: made, looked at, taken back."""
