"""The demo company: invented people, believable weeks, two candidates."""
