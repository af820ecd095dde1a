"""What runs Forecourt on one machine: embedded servers, processes, set-up, tests. No word of the trade lives here."""
