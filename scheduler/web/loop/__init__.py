"""One loop: its plans, its agenda, who has answered, what happened, and what can be done."""
