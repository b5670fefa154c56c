"""Who a customer is, by what registers and Paystack say of the numbers they give. It owns identity_checks.

Promise: a number, and what was given and found, is never outside its sealed column; no answer is no pass; a number that
another customer gave is looked at by people. It knows customers by their ids alone.
"""
