"""What an operator does to dealerships, and in one, from a shell."""
