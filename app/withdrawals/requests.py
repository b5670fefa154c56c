"""What governance keeps for withdrawals: the policy by which they are routed to those who must agree."""

from app.governance.kinds import Routed
from app.withdrawals import rules

SEND = Routed(name=rules.POLICY, title="Withdrawals")
