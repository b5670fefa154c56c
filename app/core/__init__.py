"""The ground: knows no domain, no vendor, no HTTP. The list of its files is closed."""
