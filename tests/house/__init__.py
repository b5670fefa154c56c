"""The structure of the house, tested: each gate runs on the real tree, and is shown a fault to prove that it bites."""
