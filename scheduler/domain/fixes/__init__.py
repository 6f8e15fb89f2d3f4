"""What would help a loop that cannot be placed, and what one loop is let off."""
