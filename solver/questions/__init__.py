"""The questions: the best plan, other plans, the least change to a booked plan or to a drawn one, and why there is none."""
