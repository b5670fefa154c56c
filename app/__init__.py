"""Bursar: the back office and the books.

The floors, top to bottom; a floor may use those below it, never those above or beside it:

    factory                                     names every face, client and extension
    web | jobs                                  HTTP by reader | the clock's face
    reports                                     reads across rooms, writes nothing
    breaks                                      the work on what outside accounts and the books differ by
    withdrawals | reconciliation | adjustments  cross several rooms
    payments | trading                          the naira rail | quotes and orders
    wallets | notifications                     what a customer holds | what a customer is told
    customers | staff                           who a customer is | who joins, and what they may do
    screening | pricing                         whom lists name | what may be dealt at
    governance                                  what needs more than one person
    identity | documents | market               who may sign in | what they send to prove who they are | prices in
    ledger | clients                            the books | the world
    audit                                       the record, and chains of sealed blocks
    core                                        the ground
"""
