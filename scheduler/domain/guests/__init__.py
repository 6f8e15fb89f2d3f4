"""Those who have no account: what opens their pages."""
