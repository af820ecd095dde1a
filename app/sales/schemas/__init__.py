"""What comes in from the forms of sales."""
