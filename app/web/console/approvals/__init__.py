"""Approvals at the console: what waits for whom, one request, and the policies that say who must agree."""
