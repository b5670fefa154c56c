"""What needs more than one person: requests, votes, policies. It owns those tables and governs rooms it does not know.

Promise: nothing is carried out that was not agreed to, to the letter, by as many others as the policy asks for; whoever
asked never counts, one no ends it, and it is carried out once. The database holds to it without this code.
"""
