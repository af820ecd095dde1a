"""What comes in from the forms of signing in and of the administration."""
