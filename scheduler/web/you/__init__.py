"""You: whose loops are yours, on which clock and in which language you read; kept in this browser."""
