using Sahab.Server.Govern.Residency;
using Sahab.Server.Hosting.Configuration;

namespace Sahab.Server.Serve.Batches;

/// <summary>
/// Begins batches as they come, goes on with those that a former life of the server left behind, and deletes what is
/// past its time: rows, which all nodes share, and of contents those on this node that have none any more.
/// </summary>
internal sealed partial class BatchLoop(
    BatchStore store, FileStore files, FileFolder folder, BatchRun run, ConfigurationState configuration,
    DataRulesShelf shelf, TimeProvider time, ILogger<BatchLoop> logger) : BackgroundService
{
    /// <summary>Batches that are worked on at once; the others wait their turn.</summary>
    const int MaxRunning = 16;

    const int PurgeBatch = 500;

    /// <summary>Contents that one round looks at; the next one goes on after them.</summary>
    internal const int TidyMost = 10_000;

    /// <summary>Contents that are asked for in one statement.</summary>
    const int TidyBatch = 500;

    /// <summary>How often it looks without having been told: what begins or ends here wakes it.</summary>
    static readonly TimeSpan Period = TimeSpan.FromSeconds(30);

    /// <summary>After something went wrong, which may be wrong for longer.</summary>
    static readonly TimeSpan Pause = TimeSpan.FromSeconds(5);

    static readonly TimeSpan PurgePeriod = TimeSpan.FromMinutes(10);

    readonly Dictionary<Guid, Task> _running = [];
    readonly SemaphoreSlim _wake = new(0, 1);

    /// <summary>The last content that a round looked at; none: it looked at the rest of them.</summary>
    Guid? _tidied;

    /// <summary>Says that there is something new, so that it is not waited for.</summary>
    public void Wake()
    {
        if (_wake.CurrentCount == 0)
        {
            try
            {
                _wake.Release();
            }
            catch (Exception told) when (told is SemaphoreFullException or ObjectDisposedException)
            {
                // Somebody else has said so, or the server has stopped.
            }
        }
    }

    public override void Dispose()
    {
        _wake.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // Read once: what runs at once is a number of places, and they are given out.
        using var room = new SemaphoreSlim(configuration.Current.Batches.Concurrency);
        var (purgedAt, tidiedAt) = (DateTimeOffset.MinValue, DateTimeOffset.MinValue);
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await BeginAsync(room, stoppingToken);
                if (time.GetUtcNow() - purgedAt >= PurgePeriod)
                {
                    purgedAt = time.GetUtcNow();
                    await PurgeAsync(stoppingToken);
                }

                if (time.GetUtcNow() - tidiedAt >= Period)
                {
                    tidiedAt = time.GetUtcNow();
                    await TidyAsync(stoppingToken);
                }

                await _wake.WaitAsync(Period, stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                break;
            }
            catch (Exception failure)
            {
                LogFailed(failure);
                await Task.Delay(Pause, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }

        await Task.WhenAll(_running.Values);
    }

    async Task BeginAsync(SemaphoreSlim room, CancellationToken stopping)
    {
        foreach (var (id, _) in _running.Where(pair => pair.Value.IsCompleted).ToList())
        {
            _running.Remove(id);
        }

        if (_running.Count >= MaxRunning)
        {
            return;
        }

        foreach (var batch in await store.ActiveAsync(stopping))
        {
            // A file that is not here was taken by another node, which works on it.
            if (_running.Count < MaxRunning && !_running.ContainsKey(batch.Id) && folder.Has(batch.InputFile))
            {
                var running = RunAsync(batch, room, stopping);
                _running.Add(batch.Id, running);
                _ = running.ContinueWith(
                    _ => Wake(), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
            }
        }
    }

    async Task RunAsync(Batch batch, SemaphoreSlim room, CancellationToken stopping)
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        try
        {
            await run.RunAsync(batch, room, stopping);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // The next life of the server goes on with it.
        }
        catch (Exception failure)
        {
            LogBatchFailed(batch.Id, failure);
            await Task.Delay(Pause, time, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>
    /// Removes contents on this node that no row knows: the file was deleted through another node or its time is over, or
    /// the process was killed between the one and the other. What is not held has its row by now, or gets none.
    /// </summary>
    internal async Task TidyAsync(CancellationToken stopping)
    {
        var ids = folder.All().Distinct().Where(id => _tidied is not { } last || id > last).Order().Take(TidyMost + 1).ToList();
        var more = ids.Count > TidyMost;
        ids = ids[..Math.Min(ids.Count, TidyMost)];
        foreach (var some in ids.Where(id => !folder.IsHeld(id)).ToList().Chunk(TidyBatch))
        {
            var known = await files.KnownAsync(some, stopping);
            foreach (var id in some.Where(id => !known.Contains(id)))
            {
                folder.Delete(id);
            }
        }

        _tidied = more ? ids[^1] : null;
    }

    /// <summary>Deletes files that are past their time now, and forgets batches that are.</summary>
    internal async Task PurgeAsync(CancellationToken stopping)
    {
        var now = time.GetUtcNow();
        var expired = await files.ExpiredAsync(now, PurgeBatch, stopping);
        foreach (var (organisation, project, keepFor) in shelf.Retentions())
        {
            // What was kept before the rule was, or before it was narrowed.
            expired.AddRange(await files.OlderAsync(organisation, project, now - keepFor, PurgeBatch, stopping));
        }

        foreach (var file in expired)
        {
            if (!await store.IsInUseAsync(file.Id, stopping))
            {
                await files.DeleteAsync(file.Id, stopping);
                folder.Delete(file.Id);
            }
        }

        await store.PurgeAsync(now - configuration.Current.Batches.Retention, stopping);
    }

    [LoggerMessage(1421, LogLevel.Error, "Batches cannot be looked at; trying again")]
    partial void LogFailed(Exception failure);

    [LoggerMessage(1422, LogLevel.Error, "Batch {BatchId} was interrupted; what it has done is kept, and it is begun again")]
    partial void LogBatchFailed(Guid batchId, Exception failure);
}
