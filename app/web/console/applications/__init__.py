"""The review of applications: their queue, the panel to work on one, the decisions."""
