"""The record of who did what, written by a database trigger in the transaction of the act.

It owns schema `audit` and table `audit_exports`.

Promise: a watched table cannot be written in nobody's name, and a record is never changed. The app may only read it.
"""
