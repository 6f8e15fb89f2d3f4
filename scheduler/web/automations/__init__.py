"""Automations: what each stage of each job asks for, paused and made here, and what a message would do."""
