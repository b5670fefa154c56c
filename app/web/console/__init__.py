"""The operator's pages: queues and reads. What moves money goes through a room's service."""
