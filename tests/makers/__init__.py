"""What tests are made of: small factories, one file per domain, and real programs that stand beside the product."""
