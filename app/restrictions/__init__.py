"""What a customer's account may not do, and why: placed by one of compliance, lifted by two. It owns `restrictions`.

Promise: what is stopped is stopped at the command and in the books, and customers and support read no more of the
reason than they may. Whether something may go is asked here, once: `service.refuse` looks at the account's freeze too.
"""
