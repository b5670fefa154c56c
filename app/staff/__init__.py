"""Who joins the staff and what they may do: roles and invitations, each agreed to by others. It owns `invitations`.

Promise: nobody's roles are changed, and nobody is let in, on one person's word; a link to join works once, for 72 h.
"""
