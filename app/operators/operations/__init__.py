"""What operators do: accounts, dealerships, announcements, entries; and what the ops worker does for them."""
