"""How a loop begins and ends: stage advances, requests, candidates who leave the stage."""
