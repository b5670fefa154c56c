"""The console's room of the books: accounts, statements, journals, reports, months, proof, and journals by hand."""
