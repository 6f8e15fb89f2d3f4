"""The specification: what a legal plan is and what it costs, in plain Python."""
