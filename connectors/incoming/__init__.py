"""What comes to us by mail."""
