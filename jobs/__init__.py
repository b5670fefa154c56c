"""The clock's face: what runs because of time or of something that happened. Thin: load, one call."""
