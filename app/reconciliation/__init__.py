"""The books against the world: our Paystack account against Paystack's own lists. It owns the runs and their lines.

Promise: every line of either side is in the result, matched or not; a run is kept as it was found.
"""
