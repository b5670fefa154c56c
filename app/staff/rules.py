"""What staff decides without looking anything up: who must agree to which roles, and how long a link lives."""

from collections.abc import Collection
from datetime import timedelta

from app.core.permissions import Role

LINK_LIVES = timedelta(hours=72)
COMPLIANCE = frozenset({str(Role.COMPLIANCE_OFFICER), str(Role.COMPLIANCE_MANAGER)})
# What an administrator may take alone in an emergency: nothing that reviews it afterwards.
LENT = (Role.SUPPORT, Role.COMPLIANCE_OFFICER, Role.FINANCE, Role.TREASURY)
# Whom a command makes, and how many: enough to ask and to agree. Everybody else comes by an invitation.
FIRST = {Role.ADMIN: 2, Role.COMPLIANCE_MANAGER: 1}
WATCHERS = (Role.COMPLIANCE_MANAGER, Role.AUDITOR)
KNOWN = frozenset(str(role) for role in Role)


def side(changed: Collection[str]) -> str:
    """Whose matter a change of these roles is: compliance's, the others', or of both."""
    theirs, others = COMPLIANCE & set(changed), set(changed) - COMPLIANCE
    if theirs and others:
        return "both"
    return "compliance" if theirs else "other"


def in_words(roles: Collection[str]) -> str:
    """Roles as people say them."""
    return ", ".join(role.replace("_", " ") for role in sorted(roles)) or "none"
