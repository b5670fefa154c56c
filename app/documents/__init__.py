"""What customers send to prove who they are: taken in, made anew in a locked room, kept sealed, shown with a mark.

Promise: nobody is handed a byte that a customer sent. It owns `documents`, `document_files` and `document_views`.
"""
