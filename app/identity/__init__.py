"""Who may sign in, and as what: logins, sessions, phones, codes, second factors, keys, resets, operators.

It owns those tables.

Promise: a session is a row of ours and dies at once when revoked; an unknown address and a wrong password are the same
answer after the same work; a code works once, for ten minutes, five tries, and only for the sign-up it was made for;
a mailed link sets a password once, for half an hour, and ends every session.
"""
