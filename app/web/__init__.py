"""Everything HTTP, cut by reader: portal (customers), console (operators), api (programs), callbacks (vendors)."""
