"""The command line: thin faces over the services."""
