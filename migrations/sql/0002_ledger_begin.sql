-- What the books begin with, and what the running app may do with them.

INSERT INTO ledger.assets (code, decimals) VALUES
    ('NGN', 2), ('USD', 2), ('BTC', 8), ('ETH', 18), ('USDT.TRC20', 6), ('USDT.ERC20', 6), ('USDT.BEP20', 18),
    ('TRX', 6), ('TON', 9), ('BNB', 18);
SELECT set_config('bursar.actor', 'system:migration', true);
SELECT ledger.open_account(code, 'NGN', NULL, 32) FROM unnest(ARRAY[
    'asset:paystack:NGN', 'income:withdrawal_fees:NGN', 'expense:paystack_fees:NGN'
]) code;
SELECT ledger.open_account('liability:suspense:NGN', 'NGN', NULL);
SELECT set_config('bursar.actor', '', true);

GRANT SELECT ON ALL TABLES IN SCHEMA ledger TO bursar_app;
REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA ledger FROM PUBLIC;
GRANT EXECUTE ON FUNCTION
    ledger.open_account, ledger.restrict, ledger.set_floor, ledger.close_account,
    ledger.post, ledger.post_batch, ledger.reverse,
    ledger.hold, ledger.capture, ledger.release, ledger.expire_holds,
    ledger.begin_close, ledger.reopen, ledger.settle_period, ledger.close_period,
    ledger.balance_at, ledger.balances_before, ledger.effective_balances, ledger.statement_page, ledger.stripe_page,
    ledger.seal, ledger.check_block, ledger.leaves, ledger.block_hash, ledger.microseconds,
    ledger.record_price, ledger.record_check, ledger.lift_halt, ledger.make_partitions
TO bursar_app;
