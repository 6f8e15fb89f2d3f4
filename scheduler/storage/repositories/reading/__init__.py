"""What is looked for across loops: pages and counts that do not grow dearer with the history."""
