"""Who a customer is. It owns tables `customers`, `tier_changes`, `viewings` and `closure_requests`.

Promise: every customer has one login and one name, and every other room knows them by their id alone.
"""
