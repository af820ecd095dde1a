"""What can be done with vehicles and stock: each file holds the verbs of one thing."""
