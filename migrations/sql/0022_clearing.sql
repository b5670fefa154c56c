-- The accounts of a rail that settles: clearing, our bank, what is owed back, what disputes hold and cost.

SELECT set_config('bursar.actor', 'system:migration', true);
SELECT ledger.open_account(code, 'NGN', NULL, 32) FROM unnest(ARRAY['asset:paystack_clearing:NGN']) code;
SELECT ledger.open_account(code, 'NGN', NULL) FROM unnest(ARRAY[
    'asset:bank:NGN', 'asset:owed_by_customers:NGN', 'liability:refunds:NGN', 'expense:dispute_losses:NGN',
    'equity:capital:NGN'
]) code;
SELECT set_config('bursar.actor', '', true);
