"""Whether what is stored and what stands in the calendars are the same, and what is done where they are not."""
