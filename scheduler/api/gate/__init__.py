"""The gate: who stands before it, by what they know and never by what they say of themselves."""
