"""What people are told: mails written from templates, sent once each. It owns table `mails`.

Promise: one mail per cause, its text sealed until it is sent and gone from here afterwards.
"""
