"""The interviewer's page: all interviews, answers, handing over."""
