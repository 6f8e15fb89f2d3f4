"""Links: made, listed and revoked."""
