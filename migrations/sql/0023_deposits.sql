-- Ways to pay in, dedicated accounts, saved cards, and what becomes of money in suspense.

SELECT 1;
