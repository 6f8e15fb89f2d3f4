"""What we send to others' programs."""
