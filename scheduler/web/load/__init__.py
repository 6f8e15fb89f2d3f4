"""Load: who has how much in which week, beside their caps, and how evenly each pool shares it."""
