"""The company: pools, rooms, templates, sites, policy, each entry as it stands in the company file."""
