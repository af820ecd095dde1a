"""What is true of roles, passwords, throttling and links; pure Python."""
