"""What is asked across loops: found, counted, followed, exported."""
