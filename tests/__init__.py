"""The tests: one folder per room, plus the house itself, the books, and stories through the doors."""
