"""What runs on a peer's own packages, in var/venv-bench; nothing else imports it."""
