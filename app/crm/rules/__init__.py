"""What is true of customers, of talking to them and of selling to them; pure Python, room by room."""
