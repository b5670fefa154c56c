"""Bursar: the back office and the books.

The floors, top to bottom; a floor may use those below it, never those above or beside it:

    factory                                     names every face, client and extension
    web | jobs                                  HTTP by reader | the clock's face
    reports                                     reads across rooms, writes nothing
    withdrawals | reconciliation                cross several rooms
    payments                                    the naira rail
    wallets | notifications                     what a customer holds | what a customer is told
    customers                                   who a customer is
    identity                                    who may sign in
    ledger | clients                            the books | the world
    audit                                       the record, and chains of sealed blocks
    core                                        the ground
"""
