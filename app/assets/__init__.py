"""What the business counts: other assets, and how one looks, are asked for here and agreed to by another.

Promise: an asset is a row and no code; what it is counted in never changes. The rows are the ledger's.
"""
