"""What can be done with metrics: note what is due, take it in, recompute."""
