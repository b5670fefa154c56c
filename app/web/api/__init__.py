"""Programs: JSON under /api/v1, a bearer token, an idempotency key on what moves money."""
