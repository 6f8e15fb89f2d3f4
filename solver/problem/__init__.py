"""What is asked and what is answered: the values, their limits, and the JSON that they are kept in."""
