"""Doors of settlement: what Paystack owes and pays, the float, and what Paystack charges."""
