"""The recruiter's console: pages rendered here, from services, in the process of the API."""
