"""The four questions: the best plan, other plans, the least change to a booked plan, and why there is none."""
