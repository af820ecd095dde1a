"""Work that outlives a request: outbox, relay, events, jobs, imports."""
