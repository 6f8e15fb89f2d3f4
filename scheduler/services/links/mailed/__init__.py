"""What candidates and interviewers answer by mail."""
