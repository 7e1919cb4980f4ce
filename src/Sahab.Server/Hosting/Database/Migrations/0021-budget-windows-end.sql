-- Windows that ended long ago are deleted: they are found by their end.
CREATE INDEX budget_window_end ON budget_window (ends_us);
