"""What people are told: notices to candidates and interviewers, agendas."""
