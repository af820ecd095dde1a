"""What comes in from the forms of the inventory."""
