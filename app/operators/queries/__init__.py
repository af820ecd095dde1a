"""What the console reads: operators, the directory, what the ops worker has counted."""
