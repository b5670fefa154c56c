-- Assets as rows: names, digits, networks, colours, minimums, which are open; the accounts of dealing.

SELECT set_config('bursar.actor', 'system:migration', true);
SELECT ledger.open_account(template || ':' || a.code, a.code, NULL, 32)
  FROM ledger.assets a,
       unnest(ARRAY['equity:dealing', 'income:trading_fees', 'income:spread', 'income:rounding']) template;
SELECT ledger.open_account(template || ':' || a.code, a.code, NULL)
  FROM ledger.assets a, unnest(ARRAY['asset:venue:kraken', 'expense:venue_fees', 'equity:capital']) template
 WHERE template || ':' || a.code <> 'equity:capital:NGN';
SELECT set_config('bursar.actor', '', true);
