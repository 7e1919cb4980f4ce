using System.Text;
using System.Text.Json;
using Sahab.Server.Hosting;
using Sahab.Server.Hosting.Configuration;

namespace Sahab.Server.Serve.Batches;

/// <summary>
/// Carries batches from wherever they stand to their end. What it has done is in the store, step by step, so that it
/// can be killed anywhere and begun again.
/// </summary>
internal sealed class BatchRun(
    BatchStore store, FileFolder folder, LineRunner runner, ConfigurationState configuration, IdSource ids,
    TimeProvider time)
{
    /// <summary>Results that are copied into a file at a time.</summary>
    const int Page = 500;

    /// <summary>How often it looks whether a batch was cancelled or its time is over.</summary>
    static readonly TimeSpan Look = TimeSpan.FromSeconds(1);

    /// <summary>Carries a batch on until it has ended or the server stops.</summary>
    /// <param name="room">Lines that may run at once, of all batches together.</param>
    public async Task RunAsync(Batch batch, SemaphoreSlim room, CancellationToken stopping)
    {
        var input = new BatchInput(batch.Endpoint, (int)Math.Min(configuration.Current.Server.MaxBodyBytes, int.MaxValue));
        if (batch.StartedAt is null && !await StartAsync(batch, input, stopping))
        {
            return;
        }

        using (var stop = CancellationTokenSource.CreateLinkedTokenSource(stopping))
        {
            if (await IsOverAsync(batch, stopping))
            {
                await stop.CancelAsync();
            }

            var watch = WatchAsync(batch, stop);
            try
            {
                await RunLinesAsync(batch, input, room, stop.Token, stopping);
            }
            finally
            {
                await stop.CancelAsync();
                await watch;
            }
        }

        if (!stopping.IsCancellationRequested)
        {
            await EndAsync(batch, input, stopping);
        }
    }

    /// <summary>Checks the input; false where the batch has ended with that.</summary>
    async Task<bool> StartAsync(Batch batch, BatchInput input, CancellationToken stopping)
    {
        await using var content = folder.Read(batch.InputFile);
        var (lines, faults) = await input.CheckAsync(content, configuration.Current.Batches.MaxLines);
        if (faults.Count > 0)
        {
            await store.FailAsync(
                batch.Id, JsonSerializer.Serialize(faults, BatchJson.Options), time.GetUtcNow(), stopping);
            return false;
        }

        await store.StartAsync(batch.Id, lines, time.GetUtcNow(), stopping);
        return true;
    }

    async Task RunLinesAsync(
        Batch batch, BatchInput input, SemaphoreSlim room, CancellationToken stop, CancellationToken stopping)
    {
        var done = await store.LinesDoneAsync(batch.Id, stopping);
        var running = new List<Task>();
        await using var content = folder.Read(batch.InputFile);
        try
        {
            await foreach (var (line, _) in input.ReadAsync(content))
            {
                if (line is null || done.Contains(line.Number))
                {
                    continue;
                }

                await room.WaitAsync(stop);
                running.RemoveAll(task => task.IsCompletedSuccessfully);
                if (running.Exists(task => task.IsFaulted))
                {
                    // What cannot be kept is not worth its price.
                    room.Release();
                    break;
                }

                running.Add(RunLineAsync(batch, line, room, stop, stopping));
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // No further line is begun.
        }

        // What runs is waited for: it will be billed, and its result is wanted.
        await Task.WhenAll(running);
    }

    async Task RunLineAsync(
        Batch batch, BatchLine line, SemaphoreSlim room, CancellationToken stop, CancellationToken stopping)
    {
        try
        {
            if (await runner.RunAsync(batch, line, stop, stopping) is { } result)
            {
                await store.AddResultAsync(
                    batch.Id, line.Number, result.Succeeded, result.Body, CancellationToken.None);
            }
        }
        finally
        {
            room.Release();
        }
    }

    /// <summary>Begins no further line once the batch is over.</summary>
    async Task WatchAsync(Batch batch, CancellationTokenSource stop)
    {
        try
        {
            while (true)
            {
                await Task.Delay(Look, time, stop.Token);
                if (await IsOverAsync(batch, stop.Token))
                {
                    await stop.CancelAsync();
                }
            }
        }
        catch (OperationCanceledException)
        {
            // It has ended, one way or another.
        }
    }

    /// <summary>Whether it was cancelled, or its time has passed by the clock: a machine may have slept meanwhile.</summary>
    async Task<bool> IsOverAsync(Batch batch, CancellationToken cancellation) =>
        time.GetUtcNow() >= batch.ExpiresAt
        || await store.FindAsync(batch.Tenant, batch.Project, batch.Id, cancellation) is null or { Status: BatchStatus.Cancelling };

    async Task EndAsync(Batch batch, BatchInput input, CancellationToken stopping)
    {
        await store.FinalizeAsync(batch.Id, time.GetUtcNow(), stopping);
        var now = await store.FindAsync(batch.Tenant, batch.Project, batch.Id, stopping) ?? batch;
        var cancelled = now.Status == BatchStatus.Cancelling;
        var done = await store.LinesDoneAsync(batch.Id, stopping);
        var (outputId, errorId) = (ids.Next(), ids.Next());
        try
        {
            var (output, completed) = await WriteAsync(batch, outputId, succeeded: true, null, done, stopping);
            var (errors, failed) = await WriteAsync(
                batch, errorId, succeeded: false, cancelled ? null : input, done, stopping);
            var status = cancelled ? BatchStatus.Cancelled
                : done.Count < now.Total ? BatchStatus.Expired
                : BatchStatus.Completed;
            await store.EndAsync(batch, status, output, errors, completed, failed, time.GetUtcNow(), stopping);
        }
        finally
        {
            folder.Release(outputId);
            folder.Release(errorId);
        }
    }

    /// <summary>Puts a file of results together; none where it would be empty.</summary>
    /// <param name="input">Where lines without a result are to be told as expired; null where they are not.</param>
    async Task<(StoredFile? File, long Lines)> WriteAsync(
        Batch batch, Guid id, bool succeeded, BatchInput? input, HashSet<long> done, CancellationToken stopping)
    {
        var kind = succeeded ? "output" : "error";
        var content = folder.Begin(id);
        long lines = 0;
        try
        {
            lines = await CopyAsync(batch, succeeded, content, stopping);
            if (input is not null)
            {
                lines += await WriteExpiredAsync(batch, input, done, content);
            }

            if (lines > 0)
            {
                var file = new StoredFile(
                    id, batch.Tenant, "batch_output", $"{BatchIds.OfBatch(batch.Id)}_{kind}.jsonl", content.Length,
                    time.GetUtcNow(), time.GetUtcNow() + KeepFor(batch))
                {
                    Project = batch.Project,
                    Key = batch.Key,
                };
                await folder.FinishAsync(id, content, stopping);
                return (file, lines);
            }
        }
        finally
        {
            await content.DisposeAsync();
        }

        folder.Delete(id);
        return (null, 0);
    }

    TimeSpan KeepFor(Batch batch)
    {
        var retention = configuration.Current.Batches.Retention;
        return runner.RulesOf(batch)?.KeepFor(retention) ?? retention;
    }

    async Task<long> CopyAsync(Batch batch, bool succeeded, FileStream content, CancellationToken stopping)
    {
        long lines = 0, last = 0;
        while (true)
        {
            var page = await store.ResultsAsync(batch.Id, succeeded, last, Page, stopping);
            foreach (var (line, body) in page)
            {
                await content.WriteAsync(Encoding.UTF8.GetBytes(body + "\n"), stopping);
                last = line;
                lines++;
            }

            if (page.Count < Page)
            {
                return lines;
            }
        }
    }

    async Task<long> WriteExpiredAsync(Batch batch, BatchInput input, HashSet<long> done, FileStream content)
    {
        long lines = 0;
        await using var source = folder.Read(batch.InputFile);
        await foreach (var (line, _) in input.ReadAsync(source))
        {
            if (line is not null && !done.Contains(line.Number))
            {
                var error = runner.Error(
                    line.CustomId, "batch_expired", "There was no room for this request before the batch's time was over.");
                await content.WriteAsync(Encoding.UTF8.GetBytes(error + "\n"));
                lines++;
            }
        }

        return lines;
    }
}
