"""Reports in the console: the catalogue, each report's page, its files and its schedules."""
