"""Reads across rooms, for people who look at the whole business. It writes nothing."""
