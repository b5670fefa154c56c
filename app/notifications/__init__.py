"""What people are told: mails and text messages, from templates, sent once each. It owns `mails`, `text_messages`.

Promise: one mail or text per cause, its words sealed until it is sent and gone from here afterwards.
"""
