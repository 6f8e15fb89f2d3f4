"""What needs a person: found from the state of things, looked after, told once a day."""
