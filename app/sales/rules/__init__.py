"""What is true of a sale: statuses, money, taxes, gross and pay; pure Python, room by room."""
