"""Everything HTTP, cut by who reads it: portal (customers), console (operators), api (programs), callbacks (vendors)."""
