"""The sandbox vendor, driven over HTTP as the real process it is."""
