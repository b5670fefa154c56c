"""What others tell of our accounts, held against the books: runs, groups of lines and entries, breaks."""
