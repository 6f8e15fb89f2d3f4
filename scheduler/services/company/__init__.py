"""The company file: read whole, checked whole, built into people, rooms, sites, policies and templates."""
