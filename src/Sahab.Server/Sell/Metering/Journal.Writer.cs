namespace Sahab.Server.Sell.Metering;

/// <summary>The thread that owns the file.</summary>
internal sealed partial class Journal
{
    void Write()
    {
        var chores = new List<JournalChore>();
        var probe = _options.FirstProbe;
        var running = true;
        while (running)
        {
            running = WaitForWork(chores, probe);
            var hasEvents = _committing.Events > 0;
            if (hasEvents)
            {
                Commit();
            }

            foreach (var chore in chores)
            {
                Run(chore);
            }

            // After a chore too: a trim makes the very room that was missing, and a writer that is asked for chores
            // again and again would otherwise never come to look.
            if (_trouble is not null && !hasEvents && running)
            {
                Probe();
            }

            chores.Clear();
            probe = _trouble is null ? _options.FirstProbe : Shorter(probe * 2, _options.LastProbe);
            Checkpoint();
            if (hasEvents && running)
            {
                WaitForInterval();
            }
        }

        Close();
    }

    /// <summary>Takes what is pending. Returns false when there is nothing left to do, ever.</summary>
    bool WaitForWork(List<JournalChore> chores, TimeSpan probe)
    {
        lock (_gate)
        {
            while (_filling.Events == 0 && _chores.Count == 0 && !_stopping)
            {
                _waiting = WriterWait.Work;
                var woken = Monitor.Wait(_gate, _trouble is null ? Timeout.InfiniteTimeSpan : probe);
                _waiting = WriterWait.Nothing;
                if (!woken && _trouble is not null)
                {
                    break;
                }
            }

            (_filling, _committing) = (_committing, _filling);
            chores.AddRange(_chores);
            _chores.Clear();
            return !_stopping || _committing.Events > 0 || chores.Count > 0;
        }
    }

    /// <summary>Lets a group form. Appends do not wake the writer from it unless the group is large.</summary>
    void WaitForInterval()
    {
        lock (_gate)
        {
            if (_options.CommitIntervalMs == 0 || _stopping || _chores.Count > 0
                || _filling.Bytes >= _options.GroupBytes)
            {
                return;
            }

            _waiting = WriterWait.Interval;
            Monitor.Wait(_gate, _options.CommitIntervalMs);
            _waiting = WriterWait.Nothing;
        }
    }

    void Commit()
    {
        var group = _committing;
        JournalUnavailableException? failure = null;
        try
        {
            _file.Append(group.Content);
            Recover();
        }
        catch (JournalFileException error)
        {
            failure = new JournalUnavailableException($"The journal could not be written: {error.Message}.", error);
            Suffer(error);
        }

        TaskCompletionSource? arrival = null;
        lock (_gate)
        {
            _pending -= group.Events;
            if (failure is null)
            {
                _appended += group.Events;
                _committed = _file.Committed;
                (arrival, _arrival) = (_arrival, null);
            }
        }

        Complete(group.Waiters, failure);
        group.Clear();
        arrival?.SetResult();
    }

    void Complete(ReadOnlySpan<AppendCompletion> waiters, Exception? failure)
    {
        while (!waiters.IsEmpty)
        {
            var count = Math.Min(waiters.Length, CompletionBatch.Capacity);
            var batch = TakeBatch();
            batch.Fill(waiters[..count], failure);
            ThreadPool.UnsafeQueueUserWorkItem(batch, preferLocal: false);
            waiters = waiters[count..];
        }
    }

    CompletionBatch TakeBatch()
    {
        lock (_gate)
        {
            return _batches.TryPop(out var batch) ? batch : new CompletionBatch(this);
        }
    }

    void Run(JournalChore chore)
    {
        try
        {
            chore.Run(_file);
        }
        catch (JournalFileException error)
        {
            // A chore does not decide over health: what cannot be read or removed may still be appended to.
            chore.Fail(new JournalUnavailableException($"The journal failed: {error.Message}.", error));
        }
    }

    void Probe()
    {
        try
        {
            _file.Probe();
            Recover();
        }
        catch (JournalFileException error)
        {
            Suffer(error);
        }
    }

    void Checkpoint()
    {
        try
        {
            _file.CheckpointIfDue();
        }
        catch (JournalFileException error)
        {
            // Nothing is lost: the log holds it all, and the next commit tries again.
            Log.CheckpointFailed(_logger, error.Message);
        }
    }

    void Suffer(JournalFileException error)
    {
        if (_trouble is null)
        {
            Log.Unavailable(_logger, error.Message, error.Code);
        }

        _trouble = error.Message;
    }

    void Recover()
    {
        if (_trouble is not null)
        {
            _trouble = null;
            Log.Recovered(_logger);
        }
    }

    void Close()
    {
        TaskCompletionSource? arrival;
        lock (_gate)
        {
            (arrival, _arrival) = (_arrival, null);
        }

        _file.Dispose();
        arrival?.SetException(new JournalUnavailableException("The journal is closed."));
        _closed.TrySetResult();
    }

    static TimeSpan Shorter(TimeSpan left, TimeSpan right) => left < right ? left : right;

    static partial class Log
    {
        [LoggerMessage(5001, LogLevel.Error, "The journal cannot be written: {Reason} (SQLite {Code}). "
            + "New calls are refused until it can.")]
        public static partial void Unavailable(ILogger logger, string reason, int code);

        [LoggerMessage(5002, LogLevel.Information, "The journal can be written again.")]
        public static partial void Recovered(ILogger logger);

        [LoggerMessage(5003, LogLevel.Warning, "The journal's log could not be copied into its database: {Reason}.")]
        public static partial void CheckpointFailed(ILogger logger, string reason);
    }
}
