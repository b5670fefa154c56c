"""The vendors, simulated: a program of its own that speaks Paystack's HTTP contract and keeps a durable book.

Beside it stand a gateway for text messages and registers of people and companies. An exchange is a second program, in
`sandbox.exchange`, which shares the ground: book, knobs, faults, strangers, serving, settings.

It shares nothing with the product but the wire: it never imports `app`, `config` or `jobs`, and they never import it.
Floors, top to bottom: __main__, factory, (api, checkout, control, desk), (identities, texts, registry), (worker,
faults), (charges, transfers), (accounts, webhooks, shapes, transfer_shapes, amounts, paging), sent, (knobs, answers),
book, and at the bottom what knows nobody: fees, banks, people, chance, settings, strangers,
serving.
"""
