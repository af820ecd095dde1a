"""What can be done with notifications: tell people, react to events, tidy an inbox, choose."""
