"""The naira rail: deposits in, payouts out, bank accounts, and what Paystack tells us. It owns those tables.

It owns too what the float that payouts are paid from is meant to be.

Promise: a charge is credited once, and only after Paystack itself and our own intent agree; a payout is one transfer
however often it is tried; whatever cannot be placed stands in suspense, where somebody sees it.
"""
