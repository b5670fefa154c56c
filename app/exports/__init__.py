"""Files made of reports: asked for, made, kept for a while, downloaded; and the schedules by which they are made.

Promise: who asked for a file, of what, and who took it out is on record, and no file outlives its time. It owns
`report_files`, `report_pieces`, `report_progress`, `report_downloads`, `report_schedules` and `report_readers`.
"""
