"""Who may do what: actions, roles, accounts, and the policy over them."""
