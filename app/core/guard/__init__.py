"""Who may do and see what: permissions, data classes, masks, policy, encryption, audit, files."""
