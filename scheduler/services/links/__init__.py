"""Links: what opens a page without signing in, and what people see and do there."""
