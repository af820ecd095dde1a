"""Who may do and see what: permissions, data classes, masks, encryption, audit, files."""
