"""What is true about vehicles and stock, without a database: VIN, statuses and their moves, age."""
