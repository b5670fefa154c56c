"""Vendors call us: check the signature, keep the bytes, answer. Nothing else."""
